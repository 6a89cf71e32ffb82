/** The wire format of version 1: headers, frames, handshake packets, protection. */
package io.nettoolkit.udp.internal.wire;
