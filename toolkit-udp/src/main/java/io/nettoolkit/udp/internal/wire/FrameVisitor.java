package io.nettoolkit.udp.internal.wire;

/** Is told of the frames of a packet, in their order. Objects it is given are valid during the call. */
public interface FrameVisitor {

    /** Acknowledges packets of ours. */
    void onAck(AckFrame ack) throws WireException;

    /** Asks for an acknowledgement at once. */
    void onImmediateAck();

    /**
     * Tells how rarely to acknowledge.
     *
     * @param packets packets that ask for an acknowledgement and may go without
     * @param delayNanos how long they may wait
     */
    void onAckFrequency(long packets, long delayNanos);

    /** A part of a message, or all of it. */
    void onData(DataFrame data) throws WireException;

    /** A message that was begun will not be finished. */
    void onCancel(int order, int channel, long sequence, int total) throws WireException;

    /** The connection's credit, counted from its beginning. */
    void onMaxData(long bytes, long messages);

    /** A channel's credit, counted from its beginning. */
    void onMaxChannelData(int channel, long bytes);

    /** To be answered with the same number. */
    void onPathChallenge(long number);

    /** The answer. */
    void onPathResponse(long number);

    /** Another id the peer can be reached by. The array is the visitor's. */
    void onNewId(long sequence, long id, byte[] resetToken) throws WireException;

    /** An id of ours that is not used any more. */
    void onRetireId(long sequence) throws WireException;

    /** The peer closes. */
    void onClose(long code, String reason);
}
