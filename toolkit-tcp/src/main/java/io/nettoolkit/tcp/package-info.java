/** Framed TCP: how a stream is cut into frames, servers and clients that speak in frames. */
package io.nettoolkit.tcp;
