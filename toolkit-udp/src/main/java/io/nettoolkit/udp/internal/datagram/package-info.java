/** Plain datagrams: the socket of an endpoint, its bounded queues, its memberships. */
package io.nettoolkit.udp.internal.datagram;
