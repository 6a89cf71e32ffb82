package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.CloseReason.Initiator;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.tcp.Connection;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/*
 * One handler does it all: decodes, calls the user, encodes, counts, stamps deadlines, flushes once per read burst and
 * keeps the connection's one close reason. Handlers of their own for each would cost every connection contexts and every
 * frame hops. The parts that have a life of their own are classes: FrameReader, SendQueue over FrameWriter,
 * ConnectionDeadlines, ConnectionHistory.
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
 *  - The reason is set once, by what came first.
 *  - LINGERING is entered only when nothing is pending: every frame taken before the close began is written before FIN.
 *  - onOpen is called at most once, onClose exactly once after it and never without it.
 */

/**
 * The channel handler behind a {@link Connection}.
 *
 * <p>Threading: confined to the loop, but for the methods of {@link Connection}.
 */
public final class FramedConnection extends TimedHandler implements Connection, FrameSink, SendQueue.Owner {

    private enum State {
        NEW,
        OPEN,
        CLOSING,
        LINGERING,
        CLOSED
    }

    @Nullable FramedConnection previousSibling;
    @Nullable FramedConnection nextSibling;

    private final ConnectionSettings settings;
    private final LoopShard shard;
    private final Channel channel;
    private final FrameReader reader;
    private final ConnectionDeadlines deadlines;
    private final ConnectionHistory history;
    private final @Nullable Opening opening;

    @SuppressWarnings("NullAway.Init") // set when the handler is added, before anybody sees the connection
    private SendQueue sends;

    private State state = State.NEW;
    private @Nullable CloseReason reason;
    private @Nullable ToolkitFuture<CloseReason> closed;
    private @Nullable Object attachment;
    private int framesIn;
    private boolean inputClosed;
    private boolean pausedByUser;
    private boolean pausedByQueue;
    private boolean resumeAfterBurst;

    FramedConnection(ConnectionSettings settings, LoopShard shard, Channel channel, @Nullable Opening opening) {
        this.settings = settings;
        this.shard = shard;
        this.channel = channel;
        this.opening = opening;
        reader = new FrameReader(settings.format);
        deadlines = new ConnectionDeadlines(settings);
        history = new ConnectionHistory(settings.time.nanoTime());
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
        Duration elapsed = history.tlsEnded(settings.time.nanoTime());
        Throwable cause = event.isSuccess() ? null : event.cause();
        tellListener(() -> settings.listener.onTlsHandshake(channel, elapsed, cause));
        if (cause == null) {
            becomeOpen();
        } else {
            fail(Initiator.PEER, failure(cause, Operation.TLS));
        }
    }

    private void becomeOpen() {
        if (state != State.NEW) {
            return;
        }
        state = State.OPEN;
        sends.open();
        history.opened(settings.time.nanoTime());
        deadlines.opened(settings.time.coarseNanos());
        shard.wheel.arm(this, deadlines.next());
        shard.countOpened();
        ConnectionTimeline soFar = timeline();
        JfrEvents.connectionOpen(channel.remoteAddress(), soFar);
        tellListener(() -> settings.listener.onOpen(channel, soFar));
        try {
            settings.handler.onOpen(this);
        } catch (Throwable thrown) {
            handlerThrew("onOpen", thrown);
        }
        if (opening != null) {
            opening.opened(this);
        }
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
            return;
        }
        history.received(in.readableBytes(), settings.time);
        deadlines.read(settings.time.coarseNanos());
        int bytes = in.readableBytes();
        sends.beginBurst();
        framesIn = 0;
        try {
            reader.read(in, shard.buffers.allocator(), this);
        } catch (Throwable failure) {
            fail(Initiator.PEER, failure(failure, Operation.DECODE));
        }
        decoded(bytes);
    }

    private void decoded(int bytes) {
        shard.countIn(framesIn, bytes);
        if (deadlines.decoded(framesIn > 0, reader.hasPartial(), settings.time.coarseNanos())) {
            shard.wheel.arm(this, deadlines.next());
        }
    }

    @Override
    public void onFrame(ByteBuf in, int index, int length) {
        framesIn++;
        FrameView view = shard.buffers.takeView();
        Throwable thrown = null;
        try {
            settings.handler.onFrame(this, view.lend(in, index, length));
        } catch (Throwable failure) {
            thrown = failure;
        }
        if (view.refCnt() == 0) {
            thrown = new IllegalStateException("the handler released a frame it does not own: a frame is valid during"
                    + " the call; retain() it where it is handed on to something that releases it", thrown);
        } else if (view.takeBack()) {
            shard.buffers.giveBack(view);
        }
        if (thrown != null) {
            handlerThrew("onFrame", thrown);
        }
    }

    @Override
    public boolean wantsFrames() {
        return state == State.OPEN && !pausedByUser && !pausedByQueue;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        endBurst();
        ctx.fireChannelReadComplete();
    }

    private void endBurst() {
        sends.endBurst();
        if (sends.pendingBytes() == 0) {
            finishClosing();
        } else {
            stillPending();
        }
        shard.countOut(sends.takeFramesOut(), sends.takeBytesOut());
        if (resumeAfterBurst) {
            resumeAfterBurst = false;
            readKept();
        }
    }

    /** The socket did not take everything: from now on the peer has to make progress. */
    private void stillPending() {
        if (deadlines.queued(true, sends.progressMark(), settings.time.coarseNanos())) {
            shard.wheel.arm(this, deadlines.next());
        }
        if (settings.pausesWhenQueueFills && !pausedByQueue && !sends.isWritable()) {
            pausedByQueue = true;
            applyPause();
        }
    }

    private void applyPause() {
        boolean paused = pausedByUser || pausedByQueue;
        deadlines.readsPaused(paused, settings.time.coarseNanos());
        channel.config().setAutoRead(!paused);
        if (!paused && state == State.OPEN) {
            shard.wheel.arm(this, deadlines.next());
            if (sends.inBurst()) {
                resumeAfterBurst = true;
            } else {
                readKept();
            }
        }
    }

    /** Delivers what was decoded, or could be, while the connection paused. */
    private void readKept() {
        sends.beginBurst();
        framesIn = 0;
        try {
            reader.resume(shard.buffers.allocator(), this);
        } catch (Throwable failure) {
            fail(Initiator.PEER, failure(failure, Operation.DECODE));
        }
        decoded(0);
        endBurst();
    }

    private void inputEnded() {
        if (inputClosed) {
            return;
        }
        inputClosed = true;
        if (state == State.NEW) {
            fail(Initiator.PEER, failure(Kind.PEER_CLOSED, Operation.TLS, "the peer closed during the TLS handshake"));
        } else if (state == State.LINGERING) {
            channel.close();
        } else if (state == State.OPEN && endsInsideFrame()) {
            fail(Initiator.PEER, truncated());
        } else if (state == State.OPEN) {
            because(CloseReason.peer());
            try {
                settings.handler.onInputClosed(this);
            } catch (Throwable thrown) {
                handlerThrew("onInputClosed", thrown);
            }
        }
    }

    private boolean endsInsideFrame() {
        return reader.hasPartial() && !pausedByUser && !pausedByQueue;
    }

    private NetException truncated() {
        return failure(
                Kind.FRAME_TRUNCATED,
                Operation.DECODE,
                "the stream ended inside a frame, after " + reader.partialBytes() + " bytes of it");
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
            fail(Initiator.NETWORK, failure(failure, Operation.WRITE));
            return;
        }
        long pending = sends.pendingBytes();
        if (pending == 0) {
            deadlines.queued(false, 0, 0);
            if (!sends.inBurst()) {
                finishClosing();
            }
        }
        if (pausedByQueue && pending <= settings.writeQueueBytes / 4 && state == State.OPEN) {
            pausedByQueue = false;
            shard.loop.execute(this::applyPause);
        }
    }

    @Override
    public void onQueueWritable() {
        try {
            settings.handler.onWritable(this);
        } catch (Throwable thrown) {
            handlerThrew("onWritable", thrown);
        }
    }

    // ---- ending

    /** The first reason stays. */
    private void because(CloseReason candidate) {
        if (reason == null) {
            reason = candidate;
        }
    }

    /** Ends the connection at once; answers that were ready are still handed to the socket. */
    private void fail(Initiator initiator, NetException failure) {
        if (state == State.CLOSED) {
            return;
        }
        because(CloseReason.failed(initiator, failure));
        state = State.CLOSED;
        sends.refuse();
        sends.flush();
        channel.close();
    }

    private void handlerThrew(String method, Throwable thrown) {
        settings.handlerGuard.failed(thrown);
        fail(
                Initiator.LOCAL,
                NetException.builder(Kind.OTHER, Operation.READ)
                        .local(channel.localAddress())
                        .remote(channel.remoteAddress())
                        .elapsed(history.age(settings.time))
                        .detail("FrameHandler." + method + " threw " + thrown)
                        .cause(thrown)
                        .build());
    }

    /** Refuses further frames, writes what was taken, sends FIN, waits for the peer's. */
    private void beginClose(CloseReason candidate) {
        if (state == State.NEW) {
            because(candidate);
            state = State.CLOSED;
            channel.close();
        } else if (state == State.OPEN) {
            because(candidate);
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
        shard.wheel.arm(this, deadlines.next());
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
            if (pausedByQueue && !pausedByUser) {
                pausedByQueue = false;
                readKept();
            }
            try {
                settings.handler.onDrain(this);
            } catch (Throwable thrown) {
                handlerThrew("onDrain", thrown);
            }
        }
        beginClose(CloseReason.local());
    }

    /** Ends at once: what the socket took goes out, nothing waits for the peer. Loop only. */
    void endNow() {
        because(CloseReason.local());
        state = State.CLOSED;
        sends.refuse();
        sends.flush();
        channel.close();
    }

    private void reset(CloseReason candidate) {
        because(candidate);
        state = State.CLOSED;
        sends.refuse();
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.close();
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
            NetException stalled = failure(kind, Operation.WRITE, deadlines.describe(kind) + "; "
                    + sends.pendingBytes() + " bytes were waiting for the peer to read");
            reset(CloseReason.failed(Initiator.PEER, stalled));
        } else {
            fail(Initiator.PEER, failure(kind, Operation.READ, deadlines.describe(kind)));
        }
        return DeadlineWheel.NEVER;
    }

    /** A close from the pipeline: ours, or that of somebody who holds the channel. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        because(CloseReason.local());
        ctx.close(promise);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        NetException failure = failure(cause, Operation.READ);
        boolean network = failure.kind() == Kind.RESET || failure.kind() == Kind.UNREACHABLE;
        fail(network ? Initiator.NETWORK : Initiator.PEER, failure);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (reason == null) {
            because(endsInsideFrame() ? CloseReason.failed(Initiator.PEER, truncated()) : CloseReason.peer());
        }
        end();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        because(CloseReason.local());
        end();
    }

    private void end() {
        CloseReason ended = reason;
        if (history.hasEnded() || ended == null) {
            return;
        }
        state = State.CLOSED;
        history.ended(settings.time.nanoTime());
        NetException dropped = failure(ended.kind(), Operation.WRITE, "the connection ended before this was written");
        reader.close();
        sends.close(dropped);
        shard.countOut(sends.takeFramesOut(), sends.takeBytesOut());
        shard.remove(this);
        if (history.wasOpen()) {
            shard.countClosed();
            settings.handlerGuard.run(() -> settings.handler.onClose(this, ended));
            ConnectionTimeline whole = timeline();
            JfrEvents.connectionClose(channel.remoteAddress(), ended, whole);
            tellListener(() -> settings.listener.onClose(channel, ended, whole));
        } else if (opening != null) {
            opening.failed(ended.failure() != null ? ended.failure() : dropped);
        }
        closedFuture().succeed(ended);
    }

    private void tellListener(CallbackGuard.Callback call) {
        settings.listenerGuard.run(call);
    }

    private NetException failure(Throwable cause, Operation operation) {
        return NetException.of(
                cause, operation, channel.localAddress(), channel.remoteAddress(), history.age(settings.time));
    }

    private NetException failure(Kind kind, Operation operation, String detail) {
        return NetException.builder(kind, operation)
                .local(channel.localAddress())
                .remote(channel.remoteAddress())
                .elapsed(history.age(settings.time))
                .detail(detail)
                .build();
    }

    // ---- Connection

    @Override
    public boolean trySend(ByteBuf frame) {
        return sends.trySend(frame);
    }

    @Override
    public CompletableFuture<Void> send(ByteBuf frame) {
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
        onLoop(() -> {
            pausedByUser = true;
            applyPause();
        });
    }

    @Override
    public void resumeReading() {
        onLoop(() -> {
            pausedByUser = false;
            applyPause();
        });
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
        // A copy each: one caller's cancel or timeout is not another's.
        return closedFuture().copy();
    }

    private synchronized ToolkitFuture<CloseReason> closedFuture() {
        if (closed == null) {
            closed = new ToolkitFuture<>(shard.loop);
        }
        return closed;
    }

    @Override
    public ConnectionTimeline timeline() {
        return history.timeline(opening, sends.bytesOut(), settings.time);
    }

    @Override
    public Channel channel() {
        return channel;
    }

    @Override
    public EventLoop eventLoop() {
        return shard.loop;
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return channel.localAddress();
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return channel.remoteAddress();
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
        try {
            shard.loop.execute(action);
        } catch (RejectedExecutionException loopIsGone) {
            channel.close();
        }
    }
}
