/** Runnable examples, one file per idea, and the demo. */
@NullMarked
package io.nettoolkit.examples;

import org.jspecify.annotations.NullMarked;
