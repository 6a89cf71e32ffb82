/** The contestants of the echo runs: one small file each, one server process each. */
@NullMarked
package io.nettoolkit.benchmarks.echo;

import org.jspecify.annotations.NullMarked;
