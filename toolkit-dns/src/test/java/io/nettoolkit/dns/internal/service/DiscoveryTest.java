package io.nettoolkit.dns.internal.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.ServiceEndpoint;
import io.nettoolkit.dns.ServiceWatch;
import io.nettoolkit.dns.internal.cache.Responses;
import io.nettoolkit.dns.internal.service.EndpointSource.Found;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DiscoveryTest {

    private static final Duration TTL = Duration.ofSeconds(60);

    private final ManualTime time = ManualTime.create();
    private final EventLoop loop = time.newEventLoopGroup().next();
    private final LinkedTransferQueue<ServiceWatch.Change> changes = new LinkedTransferQueue<>();
    private final LinkedTransferQueue<Throwable> failures = new LinkedTransferQueue<>();
    private final AtomicInteger lookups = new AtomicInteger();
    private volatile Object next =
            DnsException.builder(Kind.DNS_TIMEOUT, "service").build();
    private final Discovery discovery =
            new Discovery(this::find, loop, Duration.ofSeconds(5), () -> new Random(3), TimeSource.of(time.ticker()));

    private final ServiceWatch.Listener listener = new ServiceWatch.Listener() {
        @Override
        public void onChange(ServiceWatch.Change change) {
            changes.add(change);
        }

        @Override
        public void onFailure(Throwable cause, int count) {
            failures.add(cause);
        }
    };

    @AfterEach
    void close() {
        discovery.close();
        time.close();
    }

    private CompletableFuture<Found> find(List<ServiceEndpoint> known) {
        lookups.incrementAndGet();
        return next instanceof Throwable failure
                ? CompletableFuture.failedFuture(failure)
                : CompletableFuture.completedFuture((Found) next);
    }

    private static ServiceEndpoint endpoint(String host, int weight) {
        return new ServiceEndpoint(host, 80, 1, weight, List.of(Responses.address("192.0.2.1")));
    }

    private void found(ServiceEndpoint... endpoints) {
        next = new Found(List.of(endpoints), TTL);
    }

    private void settle() {
        time.advance(Duration.ZERO);
        loop.submit(() -> {}).syncUninterruptibly();
    }

    private ServiceWatch.Change change() throws InterruptedException {
        return changes.poll(20, TimeUnit.SECONDS);
    }

    @Test
    void tellsWhatCameWentAndChanged() throws Exception {
        found(endpoint("a", 1), endpoint("b", 1));
        discovery.watch(listener);
        discovery.start();
        assertThat(discovery.first().get(20, TimeUnit.SECONDS)).hasSize(2);
        assertThat(change().added()).containsExactly(endpoint("a", 1), endpoint("b", 1));

        found(endpoint("b", 5), endpoint("c", 1));
        time.advance(Duration.ofSeconds(66));
        ServiceWatch.Change change = change();
        assertThat(change.added()).containsExactly(endpoint("c", 1));
        assertThat(change.removed()).containsExactly(endpoint("a", 1));
        assertThat(change.changed()).containsExactly(endpoint("b", 5));
        assertThat(change.endpoints()).isEqualTo(discovery.endpoints());

        // The same again is no change.
        time.advance(Duration.ofSeconds(132));
        assertThat(changes).isEmpty();
    }

    @Test
    void looksUpAgainWhenTheTtlIsOverAndALittleLater() throws Exception {
        found(endpoint("a", 1));
        discovery.start();
        settle();
        assertThat(lookups).hasValue(1);
        time.advance(TTL.minusMillis(1));
        assertThat(lookups).hasValue(1);
        time.advance(Duration.ofSeconds(7));
        assertThat(lookups).hasValue(2);

        next = new Found(List.of(endpoint("a", 1)), Duration.ZERO);
        time.advance(Duration.ofSeconds(66));
        int before = lookups.get();
        time.advance(Duration.ofSeconds(55));
        assertThat(lookups.get() - before)
                .as("lookups in 55 s where the TTL is 0")
                .isBetween(9, 11);
    }

    @Test
    void keepsWhatIsKnownWhileLookupsFail() throws Exception {
        discovery.watch(listener);
        discovery.start();
        settle();
        assertThat(discovery.first()).isCompletedExceptionally();
        assertThat(discovery.select()).isNull();
        assertThat(failures).hasSize(1);

        found(endpoint("a", 1));
        time.advance(Duration.ofSeconds(2));
        assertThat(change().added()).hasSize(1);

        next = DnsException.builder(Kind.DNS_NO_SUCH_NAME, "service").build();
        time.advance(Duration.ofMinutes(10));
        assertThat(discovery.select()).isEqualTo(endpoint("a", 1));
        assertThat(changes).isEmpty();
        // 1, 2, 4, 8, 16, 30, 30, ... seconds, each up to half shorter.
        assertThat(failures.size()).isBetween(18, 50);

        // That the service is not there, said so, is an answer.
        next = new Found(List.of(), TTL);
        time.advance(Duration.ofSeconds(31));
        assertThat(change().removed()).containsExactly(endpoint("a", 1));
        assertThat(discovery.select()).isNull();
    }

    @Test
    void passesOverWhatIsDown() throws Exception {
        ServiceEndpoint a = endpoint("a", 1);
        ServiceEndpoint b = endpoint("b", 1);
        ServiceEndpoint spare = new ServiceEndpoint("spare", 80, 9, 1, a.addresses());
        found(a, b, spare);
        discovery.start();
        settle();

        assertThat(discovery.markDown(a)).isTrue();
        assertThat(discovery.markDown(a)).isFalse();
        assertThat(discovery.markDown(endpoint("unknown", 1))).isFalse();
        assertThat(draws()).containsOnly(b);
        discovery.markDown(b);
        assertThat(draws()).containsOnly(spare);
        discovery.markDown(spare);
        assertThat(discovery.select()).isNull();
        assertThat(discovery.endpoints()).hasSize(3);

        assertThat(discovery.markUp(a)).isTrue();
        assertThat(discovery.markUp(a)).isFalse();
        assertThat(draws()).containsOnly(a);
    }

    @Test
    void keepsAMarkThroughAChangeAndDropsItWithItsEndpoint() {
        ServiceEndpoint a = endpoint("a", 1);
        found(a, endpoint("b", 1));
        discovery.start();
        settle();
        discovery.markDown(a);
        found(endpoint("a", 7), endpoint("b", 1));
        time.advance(Duration.ofSeconds(66));
        assertThat(draws()).containsOnly(endpoint("b", 1));

        found(endpoint("b", 1));
        time.advance(Duration.ofSeconds(66));
        found(endpoint("a", 7));
        time.advance(Duration.ofSeconds(66));
        assertThat(draws()).containsOnly(endpoint("a", 7));
    }

    @Test
    void tellsALateListenerWhatIsKnownAndNoListenerThatLeft() throws Exception {
        found(endpoint("a", 1));
        discovery.start();
        settle();
        ServiceWatch watch = discovery.watch(listener);
        assertThat(change().added()).hasSize(1);
        watch.close();
        found(endpoint("b", 1));
        time.advance(Duration.ofSeconds(66));
        assertThat(discovery.endpoints()).containsExactly(endpoint("b", 1));
        assertThat(changes).isEmpty();
    }

    @Test
    void goesOnAfterAListenerThatThrows() throws Exception {
        discovery.watch(change -> {
            throw new IllegalStateException("on purpose");
        });
        discovery.watch(listener);
        found(endpoint("a", 1));
        discovery.start();
        assertThat(change().added()).hasSize(1);
    }

    @Test
    void looksUpNothingOnceClosed() {
        found(endpoint("a", 1));
        discovery.start();
        settle();
        discovery.close();
        time.advance(Duration.ofMinutes(10));
        assertThat(lookups).hasValue(1);
        assertThat(discovery.select()).isEqualTo(endpoint("a", 1));
    }

    private List<ServiceEndpoint> draws() {
        List<ServiceEndpoint> draws = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            draws.add(discovery.select());
        }
        return draws;
    }
}
