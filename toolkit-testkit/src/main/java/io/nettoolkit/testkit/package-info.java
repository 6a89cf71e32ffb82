/** See the module. */
package io.nettoolkit.testkit;
