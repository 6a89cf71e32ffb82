package io.nettoolkit.udp.internal.channel;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.udp.DeliveryMode;
import io.nettoolkit.udp.RudpChannel;
import io.nettoolkit.udp.RudpMessage;
import io.nettoolkit.udp.RudpStats;
import io.nettoolkit.udp.internal.delivery.MessageSink;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/*
 * The Netty face of one connection.
 *
 * Writes wait here until they are flushed, then in the core until they are acknowledged, each with its own promise
 * (ConnectionUnsafe tells why Netty's outbound buffer has no part in that but for its flags of writability). Netty's water
 * marks count what was not sent for the first time, so what makes a channel unwritable is that congestion window or credit
 * keep things back; besides, what is not acknowledged is bounded by RudpConfig.sendBufferBytes.
 *
 * Reads are asked of the core only while the channel reads, and what is not read is not credited to the peer.
 *
 * A close by this side waits for what was flushed to be acknowledged; the handlers hear no more messages from then on. A
 * close by the peer waits until what came before it is read.
 */

/**
 * A connection, dialled or accepted.
 *
 * <p>Threading: as Netty's channels.
 */
public final class ConnectionChannel extends AbstractChannel implements RudpChannel, SocketConfig.Reader, MessageSink {

    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);
    private static final int MESSAGES_PER_READ = 16;
    /** A bit of Netty's outbound buffer that traffic shapers do not use. */
    private static final int WRITABILITY_INDEX = 29;

    private enum State {
        NEW,
        CONNECTING,
        ACTIVE,
        CLOSED
    }

    private final PortSettings settings;
    private final ChannelConfig config;
    private final @Nullable Dialling dialling;
    private final long createdNanos;
    /** Set while the constructor of the superclass runs, so without an initial value. */
    private @Nullable ConnectionUnsafe face;

    private volatile State state = State.NEW;
    private volatile @Nullable Link link;
    private volatile @Nullable SocketAddress remote;
    private volatile @Nullable CloseReason closeReason;
    private volatile @Nullable RudpStats lastStats;
    private volatile boolean closing;
    private @Nullable ChannelPromise closePromise;
    /** Null while nothing was written for a while. */
    private @Nullable PendingWrites pending;

    private boolean readPending;
    private boolean delivering;
    private boolean writable = true;

    /** A connection to be dialled. */
    public ConnectionChannel(PortSettings settings) {
        super(null);
        this.settings = settings;
        createdNanos = settings.time().nanoTime();
        dialling = new Dialling(this, settings);
        config = new SocketConfig(this, dialling.port().socket());
    }

    /** An accepted connection. */
    ConnectionChannel(ListeningChannel parent, PortSettings settings, Link link) {
        super(parent);
        this.settings = settings;
        this.link = link;
        createdNanos = settings.time().nanoTime();
        dialling = null;
        remote = link.core().remote();
        config = new SocketConfig(this, null);
        state = State.ACTIVE;
    }

    @Override
    public void onAutoReadCleared() {
        if (isRegistered() && !eventLoop().inEventLoop()) {
            eventLoop().execute(() -> readPending = false);
        } else {
            readPending = false;
        }
    }

    @Override
    public Unsafe unsafe() {
        ConnectionUnsafe made = face;
        if (made == null) {
            made = new ConnectionUnsafe(this, super.unsafe());
            face = made;
        }
        return made;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new NettyUnsafe();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isOpen() {
        return state != State.CLOSED;
    }

    @Override
    public boolean isActive() {
        return state == State.ACTIVE;
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return remote;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        if (dialling != null) {
            return dialling.port().socket().localAddress();
        }
        return parent().localAddress();
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        if (dialling == null) {
            promise.setSuccess();
        } else {
            dialling.register(promise);
        }
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        if (dialling == null) {
            throw new UnsupportedOperationException("bind: an accepted connection has the address of its server");
        }
        dialling.bind(localAddress);
    }

    @Override
    protected void doDisconnect() {
        throw new UnsupportedOperationException("disconnect: a connection can only be closed");
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        throw new IllegalStateException("nothing is written to Netty's outbound buffer");
    }

    // Connecting

    /** The socket is connected to the server: the dialled connection begins. */
    void begin(Link dialled, SocketAddress to) {
        link = dialled;
        remote = to;
        state = State.CONNECTING;
    }

    /** Both sides know each other. */
    void onEstablished() {
        if (state != State.CONNECTING || dialling == null || closing) {
            return;
        }
        state = State.ACTIVE;
        JfrEvents.connectionOpen(remote, timeline());
        boolean wanted = dialling.succeed();
        if (!wanted) {
            closeInOrder(voidPromise());
            return;
        }
        pipeline().fireChannelActive();
    }

    /** An accepted connection is shown to the user. */
    void onAccepted() {
        JfrEvents.connectionOpen(remote, timeline());
    }

    /** When what happened, up to now. */
    public ConnectionTimeline timeline() {
        Duration age = Duration.ofNanos(settings.time().nanoTime() - createdNanos);
        Link current = link;
        RudpStats stats = current == null ? lastStats : current.core().stats();
        long in = stats == null ? 0 : stats.received().bytes();
        long out = stats == null ? 0 : stats.sent().bytes();
        return new ConnectionTimeline(null, dialling == null ? null : age, null, null, age, in, out);
    }

    // Reading

    @Override
    protected void doBeginRead() {
        readPending = true;
        Link current = link;
        // Within a delivery the loop there looks again.
        if (current != null && !delivering && (current.core().hasReadable() || current.ended() != null)) {
            current.port().mark(current);
        }
    }

    private boolean isReading() {
        return state == State.ACTIVE && isRegistered() && !closing && (readPending || config.isAutoRead());
    }

    /** Hands on what was received, while the channel reads. */
    void deliver() {
        Link current = link;
        if (current == null || !isReading() || !current.core().hasReadable()) {
            return;
        }
        delivering = true;
        try {
            do {
                readPending = false;
                int messages = 0;
                while (mayHandOn(messages) && current.core().receive(this)) {
                    messages++;
                }
                pipeline().fireChannelReadComplete();
            } while (isReading() && current.core().hasReadable());
        } finally {
            delivering = false;
        }
    }

    /** A read by hand gives a few messages, as with other channels; autoRead as many as there are. */
    private boolean mayHandOn(int messages) {
        return state == State.ACTIVE && !closing && (config.isAutoRead() || messages < MESSAGES_PER_READ);
    }

    @Override
    public void onMessage(int channel, DeliveryMode mode, ByteBuf content) {
        boolean isPlain = channel == 0 && mode == DeliveryMode.RELIABLE_ORDERED;
        Object message =
                isPlain ? content : RudpMessage.of(content).withChannel(channel).withMode(mode);
        pipeline().fireChannelRead(message);
    }

    /** The peer's datagrams come from another address. */
    void onMoved(SocketAddress to) {
        JfrEvents.pathChange(remote, to);
        remote = to;
        pipeline().fireUserEventTriggered(Event.PATH_CHANGED);
    }

    // Writing

    void write0(Object message, ChannelPromise promise) {
        if (state == State.CLOSED || closing) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new ClosedChannelException());
        } else if (!PendingWrites.isMessage(message)) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new UnsupportedOperationException(
                    "message: " + message.getClass().getName() + " (must be a ByteBuf or a RudpMessage)"));
        } else {
            pending().add(message, promise);
            updateWritability();
        }
    }

    void flush0() {
        Link current = link;
        if (state == State.CLOSED) {
            failPending(new ClosedChannelException());
        } else if (state != State.ACTIVE || current == null) {
            failPending(new NotYetConnectedException());
        } else if (current.ended() != null) {
            failPending(current.closed());
        } else if (pending != null) {
            pending.flush(current.core(), current.port().nanoTime());
            current.port().mark(current);
        }
    }

    private PendingWrites pending() {
        PendingWrites writes = pending;
        if (writes == null) {
            writes = new PendingWrites(settings.config());
            pending = writes;
        }
        return writes;
    }

    private void failPending(Exception cause) {
        if (pending != null) {
            pending.fail(cause);
        }
    }

    /** Nothing has been under way for a while. */
    void onQuiet() {
        if (pending != null && pending.isEmpty()) {
            pending = null;
        }
    }

    private long waitingBytes() {
        Link current = link;
        PendingWrites writes = pending;
        return (writes == null ? 0 : writes.bytes())
                + (current == null ? 0 : current.core().queuedBytes());
    }

    /** Tells the pipeline where it became writable, or is not any more. */
    void updateWritability() {
        ChannelOutboundBuffer flags = unsafe().outboundBuffer();
        if (flags == null) {
            return;
        }
        Link current = link;
        long waiting = waitingBytes();
        long held = current == null ? 0 : current.core().unsettledBytes();
        long cap = settings.config().sendBufferBytes();
        boolean isFull = waiting > config.getWriteBufferHighWaterMark() || held >= cap;
        boolean isLow = waiting <= config.getWriteBufferLowWaterMark() && held <= cap - cap / 8;
        if (writable ? isFull : isLow) {
            writable = !writable;
            flags.setUserDefinedWritability(WRITABILITY_INDEX, writable);
        }
    }

    @Override
    public long bytesBeforeUnwritable() {
        return isWritable() ? Math.max(0, config.getWriteBufferHighWaterMark() - waitingBytes()) + 1 : 0;
    }

    @Override
    public long bytesBeforeWritable() {
        return isWritable() ? 0 : Math.max(1, waitingBytes() - config.getWriteBufferLowWaterMark());
    }

    @Override
    public boolean trySend(RudpMessage message) {
        if (!isWritable() || closing) {
            return false;
        }
        writeAndFlush(message, voidPromise());
        return true;
    }

    @Override
    public CompletableFuture<@Nullable Void> send(RudpMessage message) {
        ToolkitFuture<@Nullable Void> future = new ToolkitFuture<>(eventLoop());
        writeAndFlush(message).addListener(done -> {
            if (done.isSuccess()) {
                future.succeed(null);
            } else {
                future.fail(NetException.of(done.cause(), Operation.WRITE, localAddress(), remote, null));
            }
        });
        return future;
    }

    // Closing

    void closeInOrder(ChannelPromise promise) {
        Link current = link;
        if (state == State.CLOSED || state == State.NEW || current == null) {
            super.unsafe().close(promise);
            return;
        }
        if (!promise.setUncancellable()) {
            return;
        }
        if (closePromise != null) {
            if (!promise.isVoid()) {
                closeFuture().addListener(closed -> promise.trySuccess());
            }
            return;
        }
        closePromise = promise;
        closing = true;
        failPending(new ClosedChannelException());
        current.core().close(current.port().nanoTime());
        current.port().mark(current);
    }

    @Override
    public void abort() {
        EventLoop loop = eventLoop();
        if (loop.inEventLoop()) {
            abort0();
        } else {
            loop.execute(this::abort0);
        }
    }

    private void abort0() {
        Link current = link;
        if (current == null) {
            super.unsafe().close(voidPromise());
            return;
        }
        closing = true;
        failPending(new ClosedChannelException());
        current.core().abort(current.port().nanoTime());
        current.port().mark(current);
    }

    /** Ends the connection because of this. On the loop. */
    public void fail(Throwable cause) {
        Link current = link;
        if (current != null) {
            current.fail(cause);
        }
    }

    /** The connection is over. Where something came before that was not read, that is first. */
    void onEnded(CloseReason reason) {
        Link current = link;
        if (state == State.CLOSED
                || current == null
                || (state == State.ACTIVE && !closing && current.core().hasReadable())) {
            return;
        }
        closeReason = reason;
        boolean wasActive = state == State.ACTIVE;
        Throwable failure = reason.failure();
        if (dialling != null && !wasActive) {
            dialling.fail(failure != null ? failure : new ClosedChannelException());
        } else if (failure != null) {
            pipeline().fireExceptionCaught(failure);
        }
        // A handler of the exception may have closed by now.
        if (state != State.CLOSED) {
            ChannelPromise promise = closePromise;
            super.unsafe().close(promise != null ? promise : super.unsafe().voidPromise());
        }
    }

    @Override
    protected void doClose() {
        boolean wasActive = state == State.ACTIVE;
        state = State.CLOSED;
        closing = true;
        Link current = link;
        if (closeReason == null) {
            CloseReason reason = current == null ? null : current.ended();
            closeReason = reason == null ? CloseReason.local() : reason;
        }
        if (current != null) {
            lastStats = current.core().stats();
            link = null;
            current.core().abort(current.port().nanoTime());
            current.core().discard();
            current.setChannel(null);
            current.port().mark(current);
        }
        failPending(new ClosedChannelException());
        if (wasActive) {
            JfrEvents.connectionClose(remote, Objects.requireNonNull(closeReason), timeline());
        }
        if (dialling != null) {
            dialling.onChannelClosed(current == null);
        } else {
            ((ListeningChannel) parent()).onChildClosed(this);
        }
    }

    @Override
    protected void doDeregister() {
        // The channel itself is registered nowhere; its socket is.
    }

    @Override
    public CompletableFuture<CloseReason> closed() {
        ToolkitFuture<CloseReason> future = new ToolkitFuture<>(eventLoop());
        closeFuture().addListener(closed -> future.succeed(closeReason()));
        return future;
    }

    /** Completes when its socket is closed as well: the peer had time to hear of the end. Of a dialled connection. */
    public ChannelFuture socketClosed() {
        return dialling().port().socket().closeFuture();
    }

    /** Ends it, and with it the socket, at once. Of a dialled connection. */
    public void closeSocket() {
        dialling().port().close();
    }

    private Dialling dialling() {
        return Objects.requireNonNull(dialling, "an accepted connection has no socket of its own");
    }

    /** Why it is closed. */
    public CloseReason closeReason() {
        CloseReason reason = closeReason;
        return reason == null ? CloseReason.local() : reason;
    }

    @Override
    public RudpStats stats() {
        Link current = link;
        RudpStats stats = current == null ? lastStats : current.core().stats();
        if (stats == null) {
            throw new IllegalStateException("stats: " + this + " was never connected");
        }
        return stats;
    }

    /** What is left of Netty's. */
    private final class NettyUnsafe extends AbstractUnsafe {

        @Override
        public void connect(SocketAddress remoteAddress, @Nullable SocketAddress localAddress, ChannelPromise promise) {
            if (!promise.setUncancellable() || !ensureOpen(promise)) {
                return;
            }
            if (dialling == null || state != State.NEW) {
                safeSetFailure(promise, new IllegalStateException("connect: connected already, or about to be"));
                return;
            }
            dialling.connect(remoteAddress, localAddress, promise);
        }
    }
}
