package io.nettoolkit.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.testkit.FakeDnsServer;
import io.nettoolkit.testkit.LeakCheck;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A resolver, and the server it asks, which can be told to lie. */
@ExtendWith(LeakCheck.class)
abstract class AttackedResolver {

    static final String RIGHT = "a.example. 300 A 192.0.2.1";
    static final String FORGED = "a.example. 300 A 203.0.113.66";

    EventLoops loops;
    FakeDnsServer dns;
    DnsResolver resolver;

    @BeforeEach
    void start() {
        loops = EventLoops.builder().threads(1).name("dns-test").build();
        dns = FakeDnsServer.start();
        dns.records(RIGHT, "b.example. 300 A 192.0.2.2");
        resolver = builder().build();
    }

    /** For a resolver of other options. */
    DnsResolver.Builder builder() {
        return DnsResolver.builder().loops(loops).nameServers(List.of(dns.address()));
    }

    /** From now on with these options. */
    void rebuild(DnsResolver.Builder builder) {
        resolver.close();
        resolver = builder.build();
    }

    /** But for hedges: on a busy machine an answer may be late. */
    void assertAskedOnce(String name) {
        assertThat(dns.queries(name)).isBetween(1, 1 + (int) resolver.stats().hedges());
    }

    @AfterEach
    void stop() {
        resolver.close();
        dns.close();
        loops.close();
    }

    static DnsException failure(CompletableFuture<?> future) {
        try {
            throw new AssertionError("no failure, but " + future.get(10, TimeUnit.SECONDS));
        } catch (ExecutionException failed) {
            return (DnsException) failed.getCause();
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }
}
