/** Not API: what the test kit does for tools that run beside it. */
@org.jspecify.annotations.NullMarked
package io.nettoolkit.testkit.internal;
