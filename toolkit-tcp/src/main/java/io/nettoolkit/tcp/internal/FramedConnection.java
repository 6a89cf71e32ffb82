package io.nettoolkit.tcp.internal;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.CloseReason.Initiator;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.tcp.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/*
 * One handler does it all: decodes, calls the user, encodes, counts, stamps deadlines, flushes once per read burst and
 * ends the connection. Handlers of their own for each would cost every connection contexts and every frame hops. The
 * parts that have a life of their own are classes: FrameIntake over FrameReader, SendQueue over FrameWriter,
 * ConnectionDeadlines, ConnectionHistory, which keeps the one reason of the end and tells who watches.
 *
 * Life.    NEW -> OPEN -> CLOSING -> LINGERING -> CLOSED
 *   NEW        until the channel is active, with TLS until the handshake succeeded
 *   OPEN       frames in both directions
 *   CLOSING    no frame is delivered or taken any more; what was taken is being written
 *   LINGERING  all written, FIN sent; input is thrown away until the peer's FIN or the linger timeout. Closing with
 *              unread input would make the kernel reset the connection and destroy what the peer has not read yet
 *   CLOSED     failed, aborted, or the channel is gone; from any state
 *
 * Invariants.
 *  - LINGERING is entered only when nothing is pending: every frame taken before the close began is written before FIN.
 *  - onOpen is called at most once, onClose exactly once after it and never without it.
 */

/**
 * The channel handler behind a {@link Connection}.
 *
 * <p>Threading: confined to the loop, but for the methods of {@link Connection}.
 */
public final class FramedConnection extends TimedHandler implements Connection, SendQueue.Owner {

    private enum State {
        NEW,
        OPEN,
        CLOSING,
        LINGERING,
        CLOSED
    }

    @Nullable
    FramedConnection previousSibling;

    @Nullable
    FramedConnection nextSibling;

    private final ConnectionSettings settings;
    private final LoopShard shard;
    private final Channel channel;
    private final FrameIntake intake;
    private final ConnectionDeadlines deadlines;
    private final ConnectionHistory history;

    @SuppressWarnings("NullAway.Init") // set when the handler is added, before anybody sees the connection
    private SendQueue sends;

    private State state = State.NEW;
    private @Nullable Object attachment;
    private boolean inputClosed;

    FramedConnection(ConnectionSettings settings, LoopShard shard, Channel channel, @Nullable Opening opening) {
        this.settings = settings;
        this.shard = shard;
        this.channel = channel;
        deadlines = new ConnectionDeadlines(settings);
        intake = new FrameIntake(this, deadlines, settings.format);
        history = new ConnectionHistory(settings, channel, opening);
    }

    // ---- opening

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        assert shard.loop.inEventLoop();
        sends = new SendQueue(settings, shard, ctx, this);
        shard.add(this);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (!settings.usesTls()) {
            becomeOpen();
        }
        ctx.fireChannelActive();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            tlsEnded(handshake);
        } else if (event == ChannelInputShutdownEvent.INSTANCE || event == SslCloseCompletionEvent.SUCCESS) {
            inputEnded();
        }
        ctx.fireUserEventTriggered(event);
    }

    private void tlsEnded(SslHandshakeCompletionEvent event) {
        Throwable cause = event.isSuccess() ? null : event.cause();
        history.tlsEnded(cause);
        if (cause == null) {
            becomeOpen();
        } else {
            fail(Initiator.PEER, history.failures().ofTls(cause));
        }
    }

    private void becomeOpen() {
        if (state != State.NEW) {
            return;
        }
        state = State.OPEN;
        sends.open();
        deadlines.opened(settings.time.coarseNanos());
        armDeadlines();
        shard.countOpened();
        history.opened(sends.bytesOut());
        call("onOpen", () -> settings.handler.onOpen(this));
        history.handOver(this);
    }

    // ---- reading

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf in)) {
            ctx.fireChannelRead(message);
            return;
        }
        if (state != State.OPEN) {
            in.release();
            deadlines.read(settings.time.coarseNanos());
            return;
        }
        history.received(in.readableBytes());
        deadlines.read(settings.time.coarseNanos());
        sends.beginBurst();
        intake.read(in);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        endBurst();
        ctx.fireChannelReadComplete();
    }

    /** Flushes what the burst produced and looks at what the socket left. */
    void endBurst() {
        sends.endBurst();
        if (sends.pendingBytes() == 0) {
            finishClosing();
        } else {
            stillPending();
        }
        shard.countOut(sends.takeFramesOut(), sends.takeBytesOut());
        intake.burstEnded();
    }

    /** Frames sent outside a burst are flushed by a task of their own. */
    @Override
    public void onFlushDue() {
        endBurst();
    }

    /** The socket did not take everything: from now on the peer has to make progress. */
    private void stillPending() {
        if (deadlines.queued(true, sends.progressMark(), settings.time.coarseNanos())) {
            armDeadlines();
        }
        intake.checkQueue();
    }

    void armDeadlines() {
        shard.wheel.arm(this, deadlines.next());
    }

    /** The peer's bytes break the framing's rules, or cannot be taken. */
    void unreadable(Throwable failure) {
        fail(Initiator.PEER, history.failures().of(failure, Operation.DECODE));
    }

    SendQueue sends() {
        return sends;
    }

    ConnectionSettings settings() {
        return settings;
    }

    LoopShard shard() {
        return shard;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    private void inputEnded() {
        if (inputClosed) {
            return;
        }
        inputClosed = true;
        if (state == State.NEW) {
            fail(
                    Initiator.PEER,
                    history.failures().of(Kind.PEER_CLOSED, Operation.TLS, "the peer closed during the TLS handshake"));
        } else if (state == State.LINGERING) {
            channel.close();
        } else if (state == State.OPEN && intake.endsInsideFrame()) {
            fail(Initiator.PEER, history.failures().truncated(intake.keptBytes()));
        } else if (state == State.OPEN) {
            history.because(CloseReason.peer());
            call("onInputClosed", () -> settings.handler.onInputClosed(this));
        }
    }

    // ---- writing

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        sends.write(message, promise);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        if (!sends.inBurst()) {
            endBurst();
        }
    }

    @Override
    public void onQueueMoved(@Nullable Throwable failure) {
        if (failure != null && state == State.OPEN) {
            fail(Initiator.NETWORK, history.failures().of(failure, Operation.WRITE));
            return;
        }
        long pending = sends.pendingBytes();
        if (pending == 0) {
            deadlines.queued(false, 0, 0);
            if (!sends.inBurst()) {
                finishClosing();
            }
        }
        if (intake.isPausedByQueue() && pending <= settings.writeQueueBytes / 4) {
            // Not from within a flush: the frames kept meanwhile may produce more to write.
            onLoopLater(intake::resumeByQueue);
        }
    }

    @Override
    public void onQueueWritable() {
        call("onWritable", () -> settings.handler.onWritable(this));
    }

    /** Netty says of a write that was under way only that the channel is closed; the connection knows why. */
    @Override
    public Throwable writeFailure(Throwable cause) {
        CloseReason known = history.reason();
        if (known == null || cause instanceof NetException) {
            return history.failures().of(cause, Operation.WRITE);
        }
        return history.failures().unwritten(known);
    }

    // ---- ending

    /** Ends the connection at once; answers that were ready are still handed to the socket. */
    private void fail(Initiator initiator, NetException failure) {
        if (state == State.CLOSED) {
            return;
        }
        history.because(CloseReason.failed(initiator, failure));
        state = State.CLOSED;
        sends.refuse();
        sends.flush();
        channel.close();
    }

    /** The user's code failed: it costs this connection, and no other. */
    void handlerThrew(String method, Throwable thrown) {
        settings.handlerGuard.failed(thrown);
        fail(Initiator.LOCAL, history.failures().handlerThrew(method, thrown));
    }

    private void call(String method, CallbackGuard.Callback callback) {
        try {
            callback.run();
        } catch (Throwable thrown) {
            handlerThrew(method, thrown);
        }
    }

    /** Refuses further frames, writes what was taken, sends FIN, waits for the peer's. */
    private void beginClose(CloseReason candidate) {
        if (state == State.NEW) {
            history.because(candidate);
            state = State.CLOSED;
            channel.close();
        } else if (state == State.OPEN) {
            history.because(candidate);
            state = State.CLOSING;
            sends.refuse();
            if (!sends.inBurst()) {
                endBurst();
            }
        }
    }

    private void finishClosing() {
        if (state != State.CLOSING || sends.pendingBytes() != 0) {
            return;
        }
        state = State.LINGERING;
        if (inputClosed || settings.lingerNanos == 0 || !(channel instanceof DuplexChannel duplex)) {
            channel.close();
            return;
        }
        deadlines.lingering(settings.time.coarseNanos());
        armDeadlines();
        channel.config().setAutoRead(true);
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            duplex.shutdownOutput();
        } else {
            tls.closeOutbound().addListener(sent -> duplex.shutdownOutput());
        }
    }

    /** A graceful stop: frames that were read are answered, nothing more is read. Loop only. */
    void drain() {
        if (state == State.OPEN) {
            intake.deliverForDrain();
            call("onDrain", () -> settings.handler.onDrain(this));
        }
        beginClose(CloseReason.local());
    }

    /** Ends at once: what the socket took goes out, nothing waits for the peer. Loop only. */
    void endNow() {
        history.because(CloseReason.local());
        state = State.CLOSED;
        sends.refuse();
        sends.flush();
        channel.close();
    }

    private void reset(CloseReason candidate) {
        history.because(candidate);
        state = State.CLOSED;
        sends.refuse();
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        // Past the SslHandler: it would hold the close back until a peer that may not read has its close_notify.
        channel.unsafe().close(channel.newPromise());
    }

    @Override
    long onDue(long nowNanos) {
        Kind kind = deadlines.expired(nowNanos, sends.progressMark());
        if (kind == null) {
            return deadlines.next();
        }
        if (kind == Kind.LOCAL_CLOSED) {
            channel.close();
        } else if (kind == Kind.WRITE_TIMEOUT) {
            NetException stalled = history.failures()
                    .of(
                            kind,
                            Operation.WRITE,
                            deadlines.describe(kind) + "; " + sends.pendingBytes()
                                    + " bytes were waiting for the peer to read");
            reset(CloseReason.failed(Initiator.PEER, stalled));
        } else {
            String begun = intake.describeKept();
            String detail = deadlines.describe(kind) + (begun.isEmpty() ? "" : "; " + begun);
            fail(Initiator.PEER, history.failures().of(kind, Operation.READ, detail));
        }
        return DeadlineWheel.NEVER;
    }

    /** A close from the pipeline: ours, or that of somebody who holds the channel. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        history.because(CloseReason.local());
        ctx.close(promise);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // With TLS 1.3 a refused certificate is heard of only after the handshake.
        NetException failure = settings.usesTls()
                ? history.failures().ofTls(cause)
                : history.failures().of(cause, Operation.READ);
        boolean network = failure.kind() == Kind.RESET || failure.kind() == Kind.UNREACHABLE;
        fail(network ? Initiator.NETWORK : Initiator.PEER, failure);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (history.reason() == null) {
            history.because(
                    intake.endsInsideFrame()
                            ? CloseReason.failed(
                                    Initiator.PEER, history.failures().truncated(intake.keptBytes()))
                            : CloseReason.peer());
        }
        end();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        history.because(CloseReason.local());
        end();
    }

    private void end() {
        CloseReason ended = history.reason();
        if (history.hasEnded() || ended == null) {
            return;
        }
        state = State.CLOSED;
        history.ended();
        NetException dropped = history.failures().unwritten(ended);
        intake.close();
        sends.close(dropped);
        shard.countOut(sends.takeFramesOut(), sends.takeBytesOut());
        shard.remove(this);
        if (history.wasOpen()) {
            shard.countClosed();
            settings.handlerGuard.run(() -> settings.handler.onClose(this, ended));
        }
        history.tellEnd(ended, dropped, sends.bytesOut());
        shard.left();
    }

    // ---- Connection

    @Override
    public boolean trySend(ByteBuf frame) {
        return sends.trySend(frame);
    }

    @Override
    public CompletableFuture<@Nullable Void> send(ByteBuf frame) {
        return sends.send(frame);
    }

    @Override
    public boolean isWritable() {
        return sends.isWritable();
    }

    @Override
    public long pendingBytes() {
        return sends.pendingBytes();
    }

    @Override
    public void pauseReading() {
        onLoop(intake::pauseByUser);
    }

    @Override
    public void resumeReading() {
        onLoop(intake::resumeByUser);
    }

    @Override
    public CompletableFuture<CloseReason> close() {
        onLoop(() -> beginClose(CloseReason.local()));
        return closed();
    }

    @Override
    public void abort() {
        onLoop(() -> reset(CloseReason.local()));
    }

    @Override
    public CompletableFuture<CloseReason> closed() {
        return history.closed();
    }

    @Override
    public ConnectionTimeline timeline() {
        return history.timeline(sends.bytesOut());
    }

    @Override
    public Channel channel() {
        return channel;
    }

    @Override
    public void attach(@Nullable Object attachment) {
        this.attachment = attachment;
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public String toString() {
        return "Connection[" + channel + ", " + state + "]";
    }

    /** A loop that is gone has closed the channel already. */
    private void onLoop(Runnable action) {
        if (shard.loop.inEventLoop()) {
            action.run();
            return;
        }
        onLoopLater(action);
    }

    private void onLoopLater(Runnable action) {
        try {
            shard.loop.execute(action);
        } catch (RejectedExecutionException loopIsGone) {
            channel.close();
        }
    }
}
