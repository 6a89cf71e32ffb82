package io.nettoolkit.udp.internal.datagram;

import io.netty.channel.socket.DatagramPacket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Takes datagrams from the event loop to an executor: bounded, in order, one at a time.
 *
 * <p>Whoever raises the size from zero starts the run, and the run goes on until it has brought it back to zero; so there is
 * one at a time, and none is forgotten.
 */
final class Mailbox implements Runnable {

    /** Then the executor's other tasks get their turn. */
    private static final int DATAGRAMS_PER_RUN = 256;

    private final Executor executor;
    private final int capacity;
    private final Consumer<DatagramPacket> delivery;
    private final Consumer<DatagramPacket> drop;
    private final Queue<DatagramPacket> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger size = new AtomicInteger();

    /** Both consumers own what they get. {@code drop} is for what an executor that takes no more tasks leaves behind. */
    Mailbox(Executor executor, int capacity, Consumer<DatagramPacket> delivery, Consumer<DatagramPacket> drop) {
        this.executor = executor;
        this.capacity = capacity;
        this.delivery = delivery;
        this.drop = drop;
    }

    /** Takes it, or answers false: then it stays the caller's. Event loop only. */
    boolean offer(DatagramPacket packet) {
        if (size.get() >= capacity) {
            return false;
        }
        queue.add(packet);
        if (size.getAndIncrement() == 0) {
            start();
        }
        return true;
    }

    private void start() {
        try {
            executor.execute(this);
        } catch (RejectedExecutionException shutDown) {
            forEach(drop, Integer.MAX_VALUE);
        }
    }

    @Override
    public void run() {
        if (!forEach(delivery, DATAGRAMS_PER_RUN)) {
            start();
        }
    }

    /** Whether the mailbox was empty in the end. */
    private boolean forEach(Consumer<DatagramPacket> action, int limit) {
        int done = 0;
        do {
            DatagramPacket packet = queue.poll();
            if (packet != null) {
                action.accept(packet);
            }
            if (size.decrementAndGet() == 0) {
                return true;
            }
        } while (++done < limit);
        return false;
    }
}
