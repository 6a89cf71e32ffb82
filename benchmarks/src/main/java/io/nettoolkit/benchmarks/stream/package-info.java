/** Streams of bytes over TCP and over UDP: bulk transfer and ping-pong. */
package io.nettoolkit.benchmarks.stream;
