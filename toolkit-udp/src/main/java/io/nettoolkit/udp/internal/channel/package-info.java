/**
 * The shell around the core: Netty channels, the socket under them, timers.
 *
 * <pre>
 *  ListeningChannel (server)   or   ConnectionChannel (client)          what the user's bootstrap made
 *         |                                |
 *    DatagramPort: one datagram channel, demultiplexing, one flush per burst, one timer
 *         |
 *    Link (one for each connection): the core, and the ConnectionChannel it shows itself as
 * </pre>
 */
package io.nettoolkit.udp.internal.channel;
