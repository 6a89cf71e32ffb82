package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** An engine in virtual time, with servers at ports 1, 2, 3 and so on. */
final class EngineBench implements AutoCloseable {

    static final Duration TRY = Duration.ofSeconds(2);

    final ManualTime time = ManualTime.create();
    final TimeSource clock = TimeSource.of(time.ticker());
    final EmbeddedChannel channel =
            time.attach(EmbeddedChannel.builder().ticker(time.ticker()).build());
    final List<String> events = new ArrayList<>();
    /** What the listener does when it hears of a server. */
    Runnable onEvent = () -> {};
    /** And when it hears of a lost try. */
    Runnable onRetry = () -> {};

    final QueryEngine engine;
    final ScriptedTransport wire;

    EngineBench(int servers) {
        this(servers, 4, false);
    }

    EngineBench(int servers, int attempts, boolean streamOnly) {
        DnsResolver.Listener listener = new DnsResolver.Listener() {
            @Override
            public void onServerDown(InetSocketAddress server, DnsException cause) {
                happened("down " + server.getPort());
            }

            @Override
            public void onServerUp(InetSocketAddress server) {
                happened("up " + server.getPort());
            }

            @Override
            public void onForgerySuspected(InetSocketAddress server, long count) {
                happened("forgery " + server.getPort());
            }

            @Override
            public void onRetry(String name, DnsType<?> type, DnsException cause) {
                onRetry.run();
            }
        };
        ScriptedTransport[] transport = new ScriptedTransport[1];
        engine = new QueryEngine(
                channel.eventLoop(),
                new EngineOptions.Fixed("test", listener, clock, streamOnly),
                owner -> transport[0] = new ScriptedTransport(owner));
        wire = transport[0];
        engine.configure(new EngineOptions(addresses(servers), false, TRY.toNanos(), attempts));
    }

    private void happened(String event) {
        events.add(event);
        onEvent.run();
    }

    static List<InetSocketAddress> addresses(int servers) {
        return IntStream.rangeClosed(1, servers)
                .mapToObj(port -> new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .toList();
    }

    Asked ask(String name) {
        return ask(name, DnsType.A, Duration.ofSeconds(5));
    }

    Asked ask(String name, DnsType<?> type, Duration timeout) {
        Asked asked = new Asked();
        try {
            asked.lookup = engine.query(DnsName.of(name), type, Deadline.after(timeout, clock), asked);
        } catch (DnsException badName) {
            throw new IllegalArgumentException(badName);
        }
        return asked;
    }

    /** Teaches the engine how long a server takes. */
    void teach(int port, Duration rtt) {
        Server server = engine.servers().get(port - 1);
        for (int i = 0; i < 8; i++) {
            server.onAnswer(rtt.toNanos(), time.nanoTime());
        }
    }

    void advance(Duration duration) {
        time.advance(duration);
    }

    DnsResolver.Stats stats() {
        return engine.snapshot();
    }

    @Override
    public void close() {
        engine.close();
        channel.close();
        time.close();
    }

    /** Keeps the outcome of a lookup. */
    static final class Asked implements Upstream.Outcome {
        Upstream.@Nullable Lookup lookup;

        @Nullable
        Response response;

        @Nullable
        DnsException failure;

        int outcomes;

        @Override
        public void onResponse(Response response) {
            this.response = response;
            outcomes++;
        }

        @Override
        public void onFailure(DnsException failure) {
            this.failure = failure;
            outcomes++;
        }

        boolean isOver() {
            return outcomes > 0;
        }

        Response answer() {
            if (response == null) {
                throw new AssertionError("no answer, but " + failure);
            }
            return response;
        }

        DnsException failed() {
            if (failure == null) {
                throw new AssertionError("no failure, but " + response);
            }
            return failure;
        }
    }
}
