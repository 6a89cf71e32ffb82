package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.udp.DatagramEndpoint;
import io.nettoolkit.udp.MulticastGroup;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;

/*
 * Run:
 *   java -jar examples/target/examples.jar udp-multicast
 * Output:
 *   two members of 239.255.77.1 on one port, one sender
 *   anna got "price 1", bert got "price 1"
 *   bert has left
 *   anna got "price 2", bert got nothing
 *   only from 127.0.0.9: bert got nothing of "price 3"
 *   only from 127.0.0.1: bert got "price 4"
 *   a member of none0: UNREACHABLE
 */

/** Members that join and leave a group on the loopback interface, for all senders or for one. */
@Command(
        name = "udp-multicast",
        description = "Joins a group, leaves it, and listens to one sender alone.",
        mixinStandardHelpOptions = true)
public final class UdpMulticast implements Callable<Integer> {

    private static final InetAddress GROUP = address("239.255.77.1");
    private static final int PATIENCE_SECONDS = 10;
    private static final int SILENCE_MILLIS = 200;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new UdpMulticast(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        String loopback =
                NetworkInterface.getByInetAddress(address("127.0.0.1")).getName();
        try (EventLoops loops = EventLoops.builder().threads(1).build();
                Member anna = new Member(loops, 0);
                Member bert = new Member(loops, anna.group.address().getPort());
                DatagramEndpoint sender = DatagramEndpoint.builder((endpoint, datagram, from) -> {})
                        .eventLoops(loops)
                        .multicastInterface(loopback)
                        .build()) {
            sender.bind(new InetSocketAddress(address("127.0.0.1"), 0)).join();
            MulticastGroup prices = MulticastGroup.of(sender, anna.group.address());
            anna.group.join(loopback).join();
            bert.group.join(loopback).join();
            System.out.println("two members of " + GROUP.getHostAddress() + " on one port, one sender");

            send(prices, "price 1");
            System.out.println("anna got " + anna.next() + ", bert got " + bert.next());
            bert.group.leave(loopback).join();
            System.out.println("bert has left");
            send(prices, "price 2");
            System.out.println("anna got " + anna.next() + ", bert got " + bert.silence());

            bert.group.join(loopback, address("127.0.0.9")).join();
            send(prices, "price 3");
            anna.next();
            System.out.println("only from 127.0.0.9: bert got " + bert.silence() + " of \"price 3\"");
            bert.group.join(loopback, address("127.0.0.1")).join();
            send(prices, "price 4");
            System.out.println("only from 127.0.0.1: bert got " + bert.next());
            System.out.println("a member of none0: " + failureOfJoining(anna.group, "none0"));
        }
        return 0;
    }

    private static void send(MulticastGroup group, String text) {
        group.send(Unpooled.copiedBuffer(text, UTF_8)).join();
    }

    private static String failureOfJoining(MulticastGroup group, String networkInterface) {
        try {
            group.join(networkInterface).join();
            return "joined";
        } catch (CompletionException e) {
            return NetFailure.Kind.of(e).name();
        }
    }

    private static InetAddress address(String text) {
        try {
            return InetAddress.getAllByName(text)[0];
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    private static final class Member implements AutoCloseable {

        private final BlockingQueue<String> received = new LinkedTransferQueue<>();
        private final DatagramEndpoint endpoint;
        private final MulticastGroup group;

        /** {@code port} 0 takes a free one. */
        Member(EventLoops loops, int port) {
            endpoint = DatagramEndpoint.builder(
                            (it, datagram, sender) -> received.add('"' + datagram.toString(UTF_8) + '"'))
                    .eventLoops(loops)
                    .reuseAddress(true)
                    .build();
            InetSocketAddress local =
                    endpoint.bind(new InetSocketAddress("0.0.0.0", port)).join();
            group = MulticastGroup.of(endpoint, new InetSocketAddress(GROUP, local.getPort()));
        }

        String next() throws InterruptedException {
            String next = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return next == null ? "nothing" : next;
        }

        String silence() throws InterruptedException {
            String next = received.poll(SILENCE_MILLIS, TimeUnit.MILLISECONDS);
            return next == null ? "nothing" : next;
        }

        @Override
        public void close() {
            endpoint.close();
        }
    }
}
