/** Datagrams, multicast, and messages over UDP that arrive: {@link io.nettoolkit.udp.RudpConfig} is where to begin. */
package io.nettoolkit.udp;
