/**
 * The reliable core: no thread, no socket, no clock of its own.
 *
 * <p><b>Idea.</b> A connection is a machine that is told the time with every event. In go datagrams, written messages and
 * the moment its deadline passed; out come datagrams (it is asked for them, one at a time, into a buffer of the caller's),
 * messages (asked for too, so that not asking closes the window), outcomes of writes, and the next deadline. So thousands
 * of simulated minutes run in a second, and every failure replays from its seed.
 *
 * <pre>
 *              write                              poll
 *   messages ---------&gt; Outbox --+          +--&gt; datagram
 *                                |          |
 *                             RudpConnection ---- LossRecovery, AckTracker, Controller, Pacer
 *                                |          |
 *   messages &lt;--------- Inbox &lt;--+          +&lt;-- datagram
 *              receive                            onDatagram
 *
 *   client  IDLE -&gt; HELLO_SENT (again with the cookie of a RETRY) -&gt; ESTABLISHED -+
 *   server  (ServerGate, no state) --- HELLO with cookie ---&gt; ACCEPTED -&gt; ESTABLISHED -+-&gt; DRAINING_WRITES
 *                                                                 -&gt; CLOSING | PEER_CLOSED -&gt; CLOSED
 * </pre>
 *
 * <p><b>Invariants</b>, each held by a property test over seeded simulations:
 * <ul>
 *   <li>a packet number is used once; what is lost travels again in new packets;
 *   <li>a message is handed over whole, once, and in the order its mode promises;
 *   <li>bytes in flight are the sum over packets that are neither acknowledged nor lost, never negative, and above the
 *       window only by probes;
 *   <li>a message is begun only where the peer's credit covers all of it, so every begun message can be finished, and
 *       the receiver buffers at most what it granted;
 *   <li>everything retained is released: content when its message is settled, the rest when the connection ends.
 * </ul>
 *
 * <p><b>Sources.</b> RFC 9000 (transport), RFC 9002 (loss detection and congestion control), RFC 8985 (adaptive
 * reordering), RFC 9438, RFC 9406, RFC 6937, draft-ietf-quic-ack-frequency. What differs from QUIC: messages in place of
 * streams, one packet number space, a handshake with a pre-shared key or none.
 */
package io.nettoolkit.udp.internal;
