package io.nettoolkit.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.FrameHandler;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.Limits;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import io.nettoolkit.tcp.Timeouts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/*
 * Run:
 *   java -jar examples/target/examples.jar tcp-chat
 * Output:
 *   ready 127.0.0.1:<port>
 *   ann hears: ann: hello
 *   bob hears: ann: hello
 *   tim hears: ann: hello
 *   tim stops reading; ann talks on
 *   ann hears: * tim left
 *   bob heard every line of ann's
 *   drained: 2 ended in order, 0 cut
 *
 * Other ways to run it:
 *   ... tcp-chat --serve --port 7001      until SIGTERM or Ctrl-C; then, in other terminals:
 *   nc 127.0.0.1 7001                     the first line you type is your name
 */

/**
 * A chat server for lines: what one says, all hear. A member that does not read costs the others nothing: what waits for
 * it is bounded by {@link Limits}, and when the bound is reached it has to leave.
 */
@Command(
        name = "tcp-chat",
        description = "Broadcasts lines; a member that does not read cannot hold up the others.",
        mixinStandardHelpOptions = true)
public final class TcpChat implements Callable<Integer> {

    private static final Framing FRAMING = Framing.line(16 << 10);
    private static final Limits LIMITS =
            Limits.builder().maxConnections(1_000).writeQueueBytes(256 << 10).build();
    private static final Timeouts TIMEOUTS = Timeouts.forServers().toBuilder()
            .firstFrame(Duration.ofMinutes(1))
            .readIdle(Duration.ofHours(1))
            .build();
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    @Option(names = "--serve", description = "Only serve, until SIGTERM.")
    private boolean serve;

    @Option(names = "--port", description = "Where to listen on 127.0.0.1, by default a free port.")
    private int port;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new TcpChat(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        TcpServer server = TcpServer.builder(FRAMING, new Room())
                .limits(LIMITS)
                .timeouts(TIMEOUTS)
                .build();
        InetSocketAddress address = server.bind(Endpoint.of("127.0.0.1", port)).join();
        Endpoint endpoint = Endpoint.of("127.0.0.1", address.getPort());
        System.out.println("ready " + endpoint);
        if (serve) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(server), "drain"));
            new CountDownLatch(1).await();
        }
        chat(endpoint, server);
        return 0;
    }

    private static void drain(TcpServer server) {
        DrainReport report = server.drain(TIMEOUT).join();
        System.out.println("drained: " + report.drained() + " ended in order, " + report.forced() + " cut");
    }

    /** Who is here. One object for all connections, so used by all event loops at once. */
    private static final class Room implements FrameHandler {

        private final Set<Connection> members = ConcurrentHashMap.newKeySet();

        @Override
        public void onFrame(Connection connection, ByteBuf line) {
            String text = line.toString(UTF_8);
            Object name = connection.attachment();
            if (name == null) {
                connection.attach(text);
                members.add(connection);
                say("* " + text + " joined");
            } else {
                say(name + ": " + text);
            }
        }

        @Override
        public void onClose(Connection connection, CloseReason reason) {
            if (members.remove(connection)) {
                say("* " + connection.attachment() + " left");
            }
        }

        private void say(String text) {
            ByteBuf line = Unpooled.copiedBuffer(text, UTF_8);
            for (Connection member : members) {
                // One copy of the text for all; each member gets a view with a reference of its own.
                ByteBuf view = line.retainedDuplicate();
                if (!member.trySend(view)) {
                    view.release();
                    member.abort();
                }
            }
            line.release();
        }
    }

    // ---- the demonstration

    private static void chat(Endpoint endpoint, TcpServer server) throws IOException, InterruptedException {
        try (Member ann = new Member("ann", endpoint);
                Member bob = new Member("bob", endpoint);
                Member tim = new Member("tim", endpoint)) {
            ann.say("hello");
            for (Member member : new Member[] {ann, bob, tim}) {
                System.out.println(member.name + " hears: " + member.hearUntil("ann: hello"));
            }
            System.out.println("tim stops reading; ann talks on");
            tim.connection.pauseReading();
            int lines = 0;
            String filler = "bla ".repeat(2_000);
            while (server.stats().connections() == 3) {
                String line = ++lines + " " + filler;
                ann.say(line);
                // Bob keeps up: ann says the next line when he has heard this one.
                bob.hearUntil("ann: " + line);
            }
            System.out.println("ann hears: " + ann.hearUntil("* tim left"));
            System.out.println("bob heard every line of ann's");
            drain(server);
        }
    }

    /** A client that keeps what it hears. */
    private static final class Member implements FrameHandler, AutoCloseable {

        private final String name;
        private final BlockingQueue<String> heard = new LinkedTransferQueue<>();
        private final TcpClient client;
        private final Connection connection;

        Member(String name, Endpoint endpoint) throws IOException, InterruptedException {
            this.name = name;
            client = TcpClient.builder(FRAMING, this).name(name).build();
            connection = client.connect(endpoint, Deadline.after(TIMEOUT)).join();
            say(name);
            hearUntil("* " + name + " joined");
        }

        @Override
        public void onFrame(Connection connection, ByteBuf line) {
            heard.add(line.toString(UTF_8));
        }

        void say(String text) {
            connection.send(Unpooled.copiedBuffer(text, UTF_8));
        }

        String hearUntil(String wanted) throws IOException, InterruptedException {
            while (true) {
                String line = heard.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
                if (line == null) {
                    throw new IOException(name + " did not hear \"" + wanted + "\"");
                }
                if (line.equals(wanted)) {
                    return line;
                }
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
