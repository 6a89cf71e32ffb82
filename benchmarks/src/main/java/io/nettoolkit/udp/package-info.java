/** Benchmarks of the reliable core, which is nobody's API: only its own package may reach it. */
@NullMarked
package io.nettoolkit.udp;

import org.jspecify.annotations.NullMarked;
