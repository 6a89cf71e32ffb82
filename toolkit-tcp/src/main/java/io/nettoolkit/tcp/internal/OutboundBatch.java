package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GenericFutureListener;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Why a promise that is used again: Netty wants a promise for every write and notifies it when the bytes are gone. A new
 * one per write would be the only garbage on the echo path. This one never stores a result; it counts the writes that
 * carry its bytes and tells its writer when the last of them ended. The superclass keeps the channel it was made for;
 * channel() answers with the current one. A pooled batch thus remembers one closed channel at most.
 */

/**
 * Frames on their way to the socket: the bytes of the small ones in one buffer, and at the same time the promise that
 * Netty completes when they are written.
 *
 * <p>Threading: confined to the loop.
 */
final class OutboundBatch extends DefaultChannelPromise {

    private final ByteBuf buffer;
    private final boolean fullSize;
    private FrameWriter owner;
    private @Nullable List<WriteWaiter> waiters;
    private @Nullable List<GenericFutureListener<Future<Void>>> listeners;
    private @Nullable Throwable failure;
    private int wireBytes;
    private int writes;

    OutboundBatch(FrameWriter owner, ByteBuf buffer, boolean fullSize) {
        super(owner.channel());
        this.owner = owner;
        this.buffer = buffer;
        this.fullSize = fullSize;
    }

    /** Lends the batch to a writer; it is empty. */
    void open(FrameWriter owner) {
        this.owner = owner;
        failure = null;
        wireBytes = 0;
        writes = 0;
    }

    ByteBuf buffer() {
        return buffer;
    }

    boolean isFullSize() {
        return fullSize;
    }

    /** The bytes of all its frames on the wire. */
    int wireBytes() {
        return wireBytes;
    }

    /** A frame became part of the batch; the waiter, if any, is told when it is written. */
    void add(int frameBytes, @Nullable WriteWaiter waiter) {
        wireBytes += frameBytes;
        if (waiter != null) {
            if (waiters == null) {
                waiters = new ArrayList<>(4);
            }
            waiters.add(waiter);
        }
    }

    /** So many writes carry this batch as their promise. */
    void addWrites(int count) {
        writes += count;
    }

    /** Tells everybody who waits, after the last write ended. */
    void complete(@Nullable Throwable cause) {
        if (waiters != null) {
            List<WriteWaiter> told = waiters;
            waiters = null;
            for (WriteWaiter waiter : told) {
                waiter.written(cause);
            }
        }
        if (listeners != null) {
            List<GenericFutureListener<Future<Void>>> told = listeners;
            listeners = null;
            Future<Void> outcome =
                    cause == null ? channel().newSucceededFuture() : channel().newFailedFuture(cause);
            for (GenericFutureListener<Future<Void>> listener : told) {
                outcome.addListener(listener);
            }
        }
    }

    private boolean writeEnded(@Nullable Throwable cause) {
        if (cause != null && failure == null) {
            failure = cause;
        }
        if (--writes == 0) {
            owner.batchEnded(this, failure);
        }
        return true;
    }

    @Override
    public Channel channel() {
        // The superclass constructor asks before the owner is known.
        return owner == null ? super.channel() : owner.channel();
    }

    @Override
    public boolean setUncancellable() {
        return true;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return false;
    }

    @Override
    public boolean trySuccess(Void result) {
        return writeEnded(null);
    }

    @Override
    public ChannelPromise setSuccess(Void result) {
        writeEnded(null);
        return this;
    }

    @Override
    public boolean tryFailure(Throwable cause) {
        return writeEnded(cause);
    }

    @Override
    public ChannelPromise setFailure(Throwable cause) {
        writeEnded(cause);
        return this;
    }

    @Override
    @SuppressWarnings("unchecked") // a listener of Future<? super Void> takes a Future<Void>
    public ChannelPromise addListener(GenericFutureListener<? extends Future<? super Void>> listener) {
        if (listeners == null) {
            listeners = new ArrayList<>(2);
        }
        listeners.add((GenericFutureListener<Future<Void>>) listener);
        return this;
    }

    @Override
    @SafeVarargs
    @SuppressWarnings("varargs")
    public final ChannelPromise addListeners(GenericFutureListener<? extends Future<? super Void>>... added) {
        for (GenericFutureListener<? extends Future<? super Void>> listener : added) {
            addListener(listener);
        }
        return this;
    }
}
