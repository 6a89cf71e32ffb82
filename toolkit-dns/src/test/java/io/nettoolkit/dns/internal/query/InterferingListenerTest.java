package io.nettoolkit.dns.internal.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.EngineBench.Asked;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Listeners that end a lookup while the engine is at work on it: it ends once, and nothing more is sent for it. */
class InterferingListenerTest {

    private final EngineBench bench = new EngineBench(2);
    private int sent;

    private enum Interference {
        CANCEL {
            @Override
            void end(EngineBench bench, Asked asked) {
                asked.lookup.cancel();
            }
        },
        CLOSE {
            @Override
            void end(EngineBench bench, Asked asked) {
                bench.engine.close();
            }
        };

        abstract void end(EngineBench bench, Asked asked);

        /** Either is an end; only the second one has an outcome. */
        int outcomes() {
            return this == CLOSE ? 1 : 0;
        }
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private void isOver(Asked asked, Interference interference) {
        assertThat(bench.wire.underWay()).isZero();
        bench.advance(Duration.ofSeconds(10));
        assertThat(asked.outcomes).isEqualTo(interference.outcomes());
        assertThat(bench.wire.sent).hasSize(sent);
        assertThat(bench.stats().pending()).isZero();
        assertThat(bench.stats().cancelled() + bench.stats().failures()).isOne();
    }

    private Runnable interfering(Asked asked, Interference interference) {
        return () -> {
            sent = bench.wire.sent.size();
            interference.end(bench, asked);
        };
    }

    @ParameterizedTest
    @EnumSource
    void whenATryIsLost(Interference interference) {
        Asked asked = bench.ask("a.example");
        bench.onRetry = interfering(asked, interference);
        bench.wire.rcode(bench.wire.last(), Rcode.SERVFAIL);
        isOver(asked, interference);
    }

    @ParameterizedTest
    @EnumSource
    void whenAServerGoesDown(Interference interference) {
        Asked asked = bench.ask("a.example");
        bench.onEvent = interfering(asked, interference);
        Attempt first = bench.wire.last();
        bench.wire.datagrams.pending.remove(first);
        bench.engine.unreachable(first, Kind.CONNECT_REFUSED, null);
        assertThat(bench.events).containsExactly("down 1");
        isOver(asked, interference);
    }

    @ParameterizedTest
    @EnumSource
    void whenAServerGoesDownAtTheDeadline(Interference interference) {
        Asked asked = bench.ask("a.example", DnsType.A, Duration.ofMillis(1900));
        Server server = bench.wire.last().server;
        for (int i = 0; i < 2; i++) {
            server.onTimeout(EngineBench.TRY.toNanos(), bench.time.nanoTime());
        }
        bench.onEvent = interfering(asked, interference);
        bench.advance(Duration.ofMillis(1900));
        assertThat(bench.events).containsExactly("down 1");
        isOver(asked, interference);
    }

    @ParameterizedTest
    @EnumSource
    void whenAServerComesBack(Interference interference) {
        bench.engine.configure(new EngineOptions(EngineBench.addresses(1), false, EngineBench.TRY.toNanos(), 4));
        bench.engine.servers().get(0).onUnreachable(bench.time.nanoTime());
        bench.advance(Duration.ofSeconds(1));
        Asked asked = bench.ask("a.example");
        bench.onEvent = interfering(asked, interference);
        bench.wire.truncated(bench.wire.last());
        assertThat(bench.events).containsExactly("up 1");
        isOver(asked, interference);
    }
}
