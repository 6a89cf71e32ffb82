package io.nettoolkit.udp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** One endpoint of a test, on loops of its own, with all that it was told. */
final class DatagramRig implements DatagramEndpoint.Handler, DatagramEndpoint.Listener, AutoCloseable {

    static final int PATIENCE_SECONDS = 30;
    static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    record Received(String text, InetSocketAddress sender) {}

    final BlockingQueue<Received> received = new LinkedTransferQueue<>();
    final BlockingQueue<InetSocketAddress> oversized = new LinkedTransferQueue<>();
    final BlockingQueue<NetException> failures = new LinkedTransferQueue<>();
    final BlockingQueue<CloseReason> closes = new LinkedTransferQueue<>();
    final BlockingQueue<String> others = new LinkedTransferQueue<>();
    final EventLoops loops;
    final DatagramEndpoint endpoint;
    /** Instead of keeping what comes in. */
    volatile DatagramEndpoint.Handler handler =
            (it, datagram, sender) -> received.add(new Received(text(datagram), sender));

    DatagramRig(Transport transport, UnaryOperator<DatagramEndpoint.Builder> options) {
        loops = EventLoops.builder()
                .transport(transport)
                .threads(1)
                .name("test")
                .build();
        endpoint = options.apply(
                        DatagramEndpoint.builder(this).eventLoops(loops).listener(this))
                .build();
    }

    static DatagramRig bound(Transport transport, UnaryOperator<DatagramEndpoint.Builder> options) {
        DatagramRig rig = new DatagramRig(transport, options);
        rig.endpoint.bind(ANY_PORT).join();
        return rig;
    }

    static DatagramRig bound(Transport transport) {
        return bound(transport, it -> it);
    }

    static DatagramRig connected(Transport transport, InetSocketAddress remote) {
        DatagramRig rig = new DatagramRig(transport, it -> it);
        rig.endpoint.connect(remote).join();
        return rig;
    }

    /** Whether an open endpoint was not granted {@code dontFragment}; then the reason is printed. */
    static boolean cannotForbidFragments(DatagramRig rig) {
        List<String> notApplied = rig.endpoint.stats().optionsNotApplied();
        boolean cannot = notApplied.contains("dontFragment: this transport cannot set it here");
        if (cannot) {
            System.err.println("not tested without fragments on " + rig.loops.transport() + ": " + notApplied);
        }
        // The JDK has it from 19 on; the other transports always.
        assertThat(cannot)
                .isEqualTo(rig.loops.transport() == Transport.NIO
                        && Runtime.version().feature() < 19);
        return cannot;
    }

    static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    static String text(ByteBuf datagram) {
        return new String(ByteBufUtil.getBytes(datagram), StandardCharsets.US_ASCII);
    }

    InetSocketAddress address() {
        return endpoint.localAddress();
    }

    Received next() throws InterruptedException {
        return taken(received, "a datagram");
    }

    static <T> T taken(BlockingQueue<T> queue, String what) throws InterruptedException {
        T next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no word of " + what + " within " + PATIENCE_SECONDS + " s");
        }
        return next;
    }

    static void awaitTrue(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.currentTimeMillis() + PATIENCE_SECONDS * 1000L;
        CompletableFuture<?> never = new CompletableFuture<>();
        while (!condition.getAsBoolean()) {
            assertThat(System.currentTimeMillis()).as("the time of waiting").isLessThan(deadline);
            try {
                never.get(2, TimeUnit.MILLISECONDS);
            } catch (ExecutionException | java.util.concurrent.TimeoutException again) {
                // That was the pause.
            }
        }
    }

    static NetFailure failureOf(CompletableFuture<?> future) throws Exception {
        try {
            future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(NetFailure.class);
            return (NetFailure) e.getCause();
        }
        throw new AssertionError("it succeeded");
    }

    @Override
    public void onDatagram(DatagramEndpoint it, ByteBuf datagram, InetSocketAddress sender) throws Exception {
        handler.onDatagram(it, datagram, sender);
    }

    @Override
    public void onWritable(DatagramEndpoint it) {
        others.add("writable");
    }

    @Override
    public void onOpen(DatagramEndpoint it) {
        others.add("open " + it.localAddress().getPort());
    }

    @Override
    public void onOversized(DatagramEndpoint it, InetSocketAddress sender) {
        oversized.add(sender);
    }

    @Override
    public void onFailure(DatagramEndpoint it, NetException failure) {
        failures.add(failure);
    }

    @Override
    public void onClose(DatagramEndpoint it, CloseReason reason) {
        closes.add(reason);
    }

    @Override
    public void close() {
        endpoint.close();
        loops.close();
    }
}
