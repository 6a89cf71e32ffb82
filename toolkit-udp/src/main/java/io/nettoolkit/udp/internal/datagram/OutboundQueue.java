package io.nettoolkit.udp.internal.datagram;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/*
 * Where any thread hands datagrams to the socket.
 *
 * Idea. As in toolkit-tcp the cap is kept by reservation: a datagram's bytes are added to `pending` first, and taken off
 * again where that exceeds the cap, so the answer is final on every thread. Each datagram has one promise of its own, which
 * takes its bytes off when the system has taken or refused it: datagrams fail one by one, unlike the bytes of a stream.
 *
 * Flushing. Within a read burst the burst's end flushes; otherwise the first datagram queues one flush behind the tasks that
 * are already there. So what is sent together leaves together, where the transport can in one system call.
 *
 * Invariants.
 *  - 0 <= pending; pending <= cap, but for a datagram that found the queue empty.
 *  - After a refusal somebody is told when there is room again: the refusing thread looks once more after it has left its
 *    mark, so that the last completion cannot slip between the two.
 */

/** The bounded outbound queue of one endpoint. {@link #trySend}, {@link #send} and the questions: any thread. */
final class OutboundQueue implements Runnable {

    /** What the endpoint does when its queue moves. Event loop only. */
    interface Owner {
        /** A datagram could not be sent. The failure as the endpoint words it. */
        Throwable sendFailed(Throwable cause, @Nullable InetSocketAddress recipient, int bytes);

        /** There is room again after a refusal. */
        void onWritable();

        /** Nothing is queued any more. */
        void onEmpty();
    }

    /** What a datagram takes in memory besides its payload, so that many small ones are bounded too. */
    static final long OVERHEAD_BYTES = 128;

    private final String name;
    private final long capBytes;
    private final EventLoop loop;
    private final EndpointCounters counters;
    private final Owner owner;
    private final AtomicLong pending = new AtomicLong();
    private final AtomicLong datagrams = new AtomicLong();
    private volatile @Nullable Channel channel;
    private volatile boolean accepting;
    private volatile boolean refused;
    private volatile long refusedCost;
    private boolean inBurst;
    private boolean flushQueued;
    private boolean dirty;

    OutboundQueue(DatagramOptions options, EventLoop loop, EndpointCounters counters, Owner owner) {
        name = options.name;
        capBytes = options.sendQueueBytes;
        this.loop = loop;
        this.counters = counters;
        this.owner = owner;
    }

    /** Starts to take datagrams, for this channel. */
    void open(Channel opened) {
        channel = opened;
        accepting = true;
    }

    /** Takes no more; those taken already go out. */
    void refuse() {
        accepting = false;
    }

    /** Takes the datagram, or answers false: then it stays the caller's. */
    boolean trySend(ByteBuf datagram, @Nullable InetSocketAddress recipient) {
        long cost = cost(datagram);
        Channel open = channel;
        return accepting && open != null && reserve(cost) && enqueue(open, datagram, recipient, null);
    }

    /** Takes the datagram in any case. */
    CompletableFuture<@Nullable Void> send(ByteBuf datagram, @Nullable InetSocketAddress recipient) {
        long cost = cost(datagram);
        Channel open = channel;
        if (!accepting || open == null) {
            datagram.release();
            return ToolkitFuture.failed(loop, closing("the endpoint is closing or closed"));
        }
        if (!reserve(cost)) {
            datagram.release();
            return ToolkitFuture.failed(loop, full(cost));
        }
        ToolkitFuture<@Nullable Void> future = new ToolkitFuture<>(loop);
        if (!enqueue(open, datagram, recipient, future)) {
            datagram.release();
            future.fail(closing("the endpoint's event loop is shut down"));
        }
        return future;
    }

    private RejectedException closing(String detail) {
        return new RejectedException(name, Reason.SHUTTING_DOWN, Duration.ZERO, detail);
    }

    private RejectedException full(long cost) {
        String detail = pending + " bytes are queued, " + cost + " more would exceed the cap of " + capBytes
                + "; wait for Handler.onWritable, or raise sendQueueBytes";
        return new RejectedException(name, Reason.WRITE_BUFFER_FULL, Duration.ZERO, detail);
    }

    private static long cost(ByteBuf datagram) {
        return datagram.readableBytes() + OVERHEAD_BYTES;
    }

    private boolean reserve(long cost) {
        long before = pending.getAndAdd(cost);
        if (before == 0 || before + cost <= capBytes) {
            datagrams.incrementAndGet();
            return true;
        }
        pending.addAndGet(-cost);
        counters.refusedSends.incrementAndGet();
        refusedCost = cost;
        refused = true;
        if (hasRoom()) {
            tellWritable();
        }
        return false;
    }

    private boolean enqueue(
            Channel open,
            ByteBuf datagram,
            @Nullable InetSocketAddress recipient,
            @Nullable ToolkitFuture<@Nullable Void> future) {
        if (loop.inEventLoop()) {
            append(open, datagram, recipient, future);
            return true;
        }
        try {
            loop.execute(() -> append(open, datagram, recipient, future));
            return true;
        } catch (RejectedExecutionException loopIsGone) {
            pending.addAndGet(-cost(datagram));
            datagrams.decrementAndGet();
            return false;
        }
    }

    private void append(
            Channel open,
            ByteBuf datagram,
            @Nullable InetSocketAddress recipient,
            @Nullable ToolkitFuture<@Nullable Void> future) {
        Sending sending = new Sending(open, datagram.readableBytes(), recipient, future);
        sending.addListener(sending);
        open.write(recipient == null ? datagram : new DatagramPacket(datagram, recipient), sending);
        if (inBurst) {
            dirty = true;
        } else if (!flushQueued) {
            flushQueued = true;
            loop.execute(this);
        }
    }

    /** The queued flush. */
    @Override
    public void run() {
        flushQueued = false;
        flush();
    }

    void beginBurst() {
        inBurst = true;
    }

    void endBurst() {
        inBurst = false;
        if (dirty) {
            dirty = false;
            flush();
        }
    }

    void flush() {
        Channel open = channel;
        if (open != null) {
            open.flush();
        }
    }

    private void onWritten(Sending sending, @Nullable Throwable cause) {
        pending.addAndGet(-(sending.bytes + OVERHEAD_BYTES));
        long left = datagrams.decrementAndGet();
        if (cause == null) {
            EndpointCounters.add(counters.sent, 1);
            EndpointCounters.add(counters.sentBytes, sending.bytes);
            if (sending.future != null) {
                sending.future.succeed(null);
            }
        } else {
            EndpointCounters.add(counters.sendFailures, 1);
            Throwable failure = owner.sendFailed(cause, sending.recipient, sending.bytes);
            if (sending.future != null) {
                sending.future.fail(failure);
            }
        }
        if (refused && hasRoom()) {
            tellWritable();
        }
        if (left == 0) {
            owner.onEmpty();
        }
    }

    /** In a task of its own: the user may send more from within, and this may be the middle of a flush. */
    private void tellWritable() {
        try {
            loop.execute(() -> {
                if (refused && hasRoom()) {
                    refused = false;
                    owner.onWritable();
                }
            });
        } catch (RejectedExecutionException loopIsGone) {
            // Nobody can send any more, so nobody waits for room.
            refused = false;
        }
    }

    private boolean hasRoom() {
        long queued = pending.get();
        return queued == 0 || (queued <= capBytes / 2 && queued + refusedCost <= capBytes);
    }

    boolean isWritable() {
        return accepting && pending.get() <= capBytes / 2;
    }

    long pendingBytes() {
        return pending.get();
    }

    long datagrams() {
        return datagrams.get();
    }

    /** The promise of one datagram, and the listener of itself. */
    private final class Sending extends DefaultChannelPromise implements ChannelFutureListener {

        final int bytes;
        final @Nullable InetSocketAddress recipient;
        final @Nullable ToolkitFuture<@Nullable Void> future;

        Sending(
                Channel channel,
                int bytes,
                @Nullable InetSocketAddress recipient,
                @Nullable ToolkitFuture<@Nullable Void> future) {
            super(channel);
            this.bytes = bytes;
            this.recipient = recipient;
            this.future = future;
        }

        @Override
        public void operationComplete(ChannelFuture done) {
            onWritten(this, done.cause());
        }
    }
}
