/** The socket runs: processes, pinning, rounds, verdicts, reports. */
@NullMarked
package io.nettoolkit.benchmarks.run;

import org.jspecify.annotations.NullMarked;
