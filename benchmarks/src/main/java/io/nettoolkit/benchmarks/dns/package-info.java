/** DNS lookups beside Netty, dnsjava and the JDK. */
package io.nettoolkit.benchmarks.dns;
