package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetException;
import io.nettoolkit.testkit.BadNetwork;
import io.nettoolkit.testkit.BadNetworkRelay;
import io.nettoolkit.udp.DatagramEndpoint;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar udp-echo
 * Output:
 *   ready 127.0.0.1:<port>
 *   hello -> hello
 *   4,000 bytes: dropped whole by the server, which takes 2,048; nobody got a part of them
 *   1,000 datagrams through a network that loses 10 %: <n> came back
 *   of those sent <n> were lost, of the answers <n>
 *   drained: 0 sent, 0 dropped
 *   nobody listens any more: CONNECT_REFUSED
 */

/** A server that sends every datagram back, and what UDP does not promise: length, arrival, that somebody is there. */
@Command(
        name = "udp-echo",
        description = "Sends every datagram back, with and without a lossy network.",
        mixinStandardHelpOptions = true)
public final class UdpEcho implements Callable<Integer> {

    private static final int DATAGRAMS = 1000;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final BlockingQueue<String> answers = new LinkedTransferQueue<>();
    private final BlockingQueue<NetException> failures = new LinkedTransferQueue<>();
    private final BlockingQueue<InetSocketAddress> tooLong = new LinkedTransferQueue<>();

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new UdpEcho(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        try (EventLoops loops = EventLoops.builder().threads(2).build()) {
            DatagramEndpoint server = DatagramEndpoint.builder(UdpEcho::echo)
                    .eventLoops(loops)
                    .name("echo")
                    .maxDatagramBytes(2048)
                    .listener(new Listener())
                    .build();
            InetSocketAddress address = server.bind(ANY_PORT).join();
            System.out.println("ready " + address.getAddress().getHostAddress() + ":" + address.getPort());
            try (DatagramEndpoint client = client(loops)) {
                client.connect(address).join();
                ask(client);
                askThroughABadNetwork(loops, address);
                System.out.println("drained: " + sentAndDropped(server));
                askNobody(client);
            }
        }
        return 0;
    }

    /** The datagram's own bytes go back; a burst of datagrams leaves in one system call where the transport can. */
    private static void echo(DatagramEndpoint endpoint, ByteBuf datagram, InetSocketAddress sender) {
        if (!endpoint.trySend(datagram.retain(), sender)) {
            datagram.release();
        }
    }

    private DatagramEndpoint client(EventLoops loops) {
        return DatagramEndpoint.builder((endpoint, datagram, sender) -> answers.add(datagram.toString(UTF_8)))
                .eventLoops(loops)
                .name("client")
                .listener(new Listener())
                .build();
    }

    private void ask(DatagramEndpoint client) throws Exception {
        client.send(Unpooled.copiedBuffer("hello", UTF_8)).join();
        System.out.println("hello -> " + answers.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        client.send(Unpooled.wrappedBuffer(new byte[4000])).join();
        if (tooLong.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS) == null || !answers.isEmpty()) {
            throw new IllegalStateException("the long datagram was not dropped");
        }
        System.out.println("4,000 bytes: dropped whole by the server, which takes 2,048; nobody got a part of them");
    }

    /** Each datagram waits for its answer or, where one of the two is lost, 20 ms. */
    private void askThroughABadNetwork(EventLoops loops, InetSocketAddress server) throws Exception {
        BadNetwork network = BadNetwork.builder().loss(0.1).seed(7).build();
        int came = 0;
        try (BadNetworkRelay relay = BadNetworkRelay.to(server, network);
                DatagramEndpoint client = client(loops)) {
            client.connect(relay.address()).join();
            for (int i = 0; i < DATAGRAMS; i++) {
                client.send(Unpooled.copiedBuffer("datagram " + i, UTF_8)).join();
                came += answers.poll(20, TimeUnit.MILLISECONDS) == null ? 0 : 1;
            }
            System.out.printf(
                    Locale.ROOT, "%,d datagrams through a network that loses 10 %%: %d came back%n", DATAGRAMS, came);
            System.out.printf(
                    "of those sent %d were lost, of the answers %d%n",
                    relay.toTarget().stats().lost(), relay.toClient().stats().lost());
        }
    }

    private static String sentAndDropped(DatagramEndpoint server) {
        DrainReport report = server.drain(Duration.ofSeconds(1)).join();
        return report.drained() + " sent, " + report.forced() + " dropped";
    }

    /** A connected endpoint hears from ICMP that its peer is gone. */
    private void askNobody(DatagramEndpoint client) throws Exception {
        client.trySend(Unpooled.copiedBuffer("anybody there?", UTF_8));
        NetException failure = failures.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        System.out.println("nobody listens any more: " + (failure == null ? "silence" : failure.kind()));
    }

    private final class Listener implements DatagramEndpoint.Listener {

        @Override
        public void onOversized(DatagramEndpoint endpoint, InetSocketAddress sender) {
            tooLong.add(sender);
        }

        @Override
        public void onFailure(DatagramEndpoint endpoint, NetException failure) {
            failures.add(failure);
        }

        @Override
        public void onClose(DatagramEndpoint endpoint, CloseReason reason) {
            if (!reason.isOrderly()) {
                System.err.println(endpoint + " closed: " + reason);
            }
        }
    }
}
