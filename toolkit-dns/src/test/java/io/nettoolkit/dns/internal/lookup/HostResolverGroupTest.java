package io.nettoolkit.dns.internal.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.nettoolkit.core.RejectedException;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.cache.Responses;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.resolver.AddressResolver;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.nio.channels.UnsupportedAddressTypeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HostResolverGroupTest {

    private static final InetSocketAddress WEB = InetSocketAddress.createUnresolved("web.example", 443);

    private final LookupRig rig = new LookupRig();
    private final HostResolverGroup group = new HostResolverGroup(rig.lookups);
    private final AddressResolver<InetSocketAddress> resolver = group.getResolver(rig.loop);

    @BeforeEach
    void answer() {
        rig.upstream.answers(question -> question.key().startsWith("web")
                ? Responses.addresses(
                        question.key(), 300, question.type().equals(DnsType.A) ? "192.0.2.1" : "2001:db8::1")
                : Responses.nothing(question.key(), question.type(), DnsAnswer.Kind.NXDOMAIN, 9, 9));
    }

    @AfterEach
    void close() {
        group.close();
        rig.close();
    }

    private <T> T onLoop(Callable<T> work) {
        return rig.loop.submit(work).syncUninterruptibly().getNow();
    }

    private Future<InetSocketAddress> resolved(InetSocketAddress address) {
        return onLoop(() -> resolver.resolve(address));
    }

    @Test
    void resolvesToTheBestAddress() throws Exception {
        InetSocketAddress address = resolved(WEB).sync().getNow();
        assertThat(address.getAddress().getHostAddress()).isEqualTo("192.0.2.1");
        assertThat(address.getPort()).isEqualTo(443);
        assertThat(address.getHostString()).isEqualTo("web.example");
        assertThat(onLoop(() -> resolver.resolveAll(WEB)).sync().getNow()).hasSize(2);
    }

    @Test
    void handsOutTheSameFutureForAWarmName() throws Exception {
        resolved(WEB).sync();
        Future<InetSocketAddress> warm = resolved(WEB);
        assertThat(resolved(InetSocketAddress.createUnresolved(new String("web.example"), 443)))
                .isSameAs(warm);
        assertThat(onLoop(() -> resolver.resolveAll(WEB))).isSameAs(onLoop(() -> resolver.resolveAll(WEB)));

        Future<InetSocketAddress> other = resolved(InetSocketAddress.createUnresolved("web.example", 80));
        assertThat(other.sync().getNow().getPort()).isEqualTo(80);
        assertThat(rig.upstream.asked()).hasSize(2);
    }

    @Test
    void handsOutNothingThatHasEndedOrWasForgotten() throws Exception {
        resolved(WEB).sync();
        Future<InetSocketAddress> warm = resolved(WEB);
        rig.cache.invalidate(Responses.name("web.example"));
        assertThat(resolved(WEB).sync()).isNotSameAs(warm);
        assertThat(rig.upstream.asked()).hasSize(4);

        warm = resolved(WEB);
        rig.advance(Duration.ofMinutes(5));
        assertThat(resolved(WEB).sync()).isNotSameAs(warm);
        assertThat(rig.upstream.asked()).hasSize(6);
    }

    @Test
    void handsOutTheNewAddressOnceTheAnswerHasChanged() throws Exception {
        resolved(WEB).sync();
        rig.cache.clear();
        rig.upstream.answers(question -> Responses.addresses(
                question.key(), 300, question.type().equals(DnsType.A) ? "192.0.2.2" : "2001:db8::2"));
        assertThat(resolved(WEB).sync().getNow().getAddress().getHostAddress()).isEqualTo("192.0.2.2");
        assertThat(resolved(WEB).getNow().getAddress().getHostAddress()).isEqualTo("192.0.2.2");
    }

    @Test
    void worksFromOtherThreads() throws Exception {
        assertThat(resolver.resolve(WEB).sync().getNow().getPort()).isEqualTo(443);
        assertThat(resolver.resolve(WEB).sync().getNow().getPort()).isEqualTo(443);
        assertThat(rig.upstream.asked()).hasSize(2);
    }

    @Test
    void handsOutTheSameFutureForAddressesInLettersUntilTheyAreLookedAtAgain() throws Exception {
        InetSocketAddress literal = InetSocketAddress.createUnresolved("[2001:db8::7]", 80);
        Future<InetSocketAddress> first = resolved(literal).sync();
        assertThat(first.getNow().getAddress().getHostAddress()).isEqualTo("2001:db8:0:0:0:0:0:7");
        Future<InetSocketAddress> warm = resolved(literal);
        assertThat(resolved(literal)).isSameAs(warm);
        rig.advance(Duration.ofSeconds(10));
        assertThat(resolved(literal)).isNotSameAs(warm);
        assertThat(rig.upstream.asked()).isEmpty();
    }

    @Test
    void seesAtOnceThatTheHostsFileHasChanged() throws Exception {
        rig.hosts("192.0.2.8 web.example\n");
        assertThat(address(WEB)).isEqualTo("192.0.2.8");
        assertThat(resolved(WEB)).isSameAs(resolved(WEB));
        rig.hosts("192.0.2.9 web.example\n");
        assertThat(address(WEB)).isEqualTo("192.0.2.9");
        rig.hosts("");
        assertThat(address(WEB)).isEqualTo("192.0.2.1");
        rig.hosts("192.0.2.9 web.example\n");
        assertThat(address(WEB)).isEqualTo("192.0.2.9");
    }

    private String address(InetSocketAddress host) throws Exception {
        return resolved(host).sync().getNow().getAddress().getHostAddress();
    }

    @Test
    void refusesWarmNamesOnceTheResolverIsClosed() throws Exception {
        InetSocketAddress literal = InetSocketAddress.createUnresolved("192.0.2.7", 80);
        resolved(WEB).sync();
        resolved(literal).sync();
        rig.lookups.close();
        for (InetSocketAddress host : List.of(WEB, literal)) {
            assertThat(resolved(host).await().cause()).isInstanceOf(RejectedException.class);
        }
    }

    @Test
    void keepsApartMoreNamesThanThereArePlaces() throws Exception {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < WarmHosts.LARGEST + 1000; i++) {
                InetSocketAddress host = InetSocketAddress.createUnresolved("web" + i + ".example", 1 + i);
                InetSocketAddress address = resolved(host).sync().getNow();
                assertThat(address.getHostString()).isEqualTo(host.getHostString());
                assertThat(address.getPort()).isEqualTo(host.getPort());
            }
        }
    }

    @Test
    void failsWithTheReason() throws Exception {
        Future<InetSocketAddress> gone = resolved(InetSocketAddress.createUnresolved("gone.example", 443))
                .await();
        assertThat(gone.cause()).isInstanceOf(DnsException.class).hasMessageContaining("gone.example");
        assertThat(onLoop(() -> resolver.resolveAll(InetSocketAddress.createUnresolved("a..b", 1)))
                        .await()
                        .cause())
                .isInstanceOf(DnsException.class);
    }

    @Test
    void leavesResolvedAddressesAndRefusesOthers() throws Exception {
        InetSocketAddress resolved = new InetSocketAddress(Responses.address("192.0.2.9"), 1);
        assertThat(resolved(resolved).getNow()).isSameAs(resolved);
        assertThat(resolver.isResolved(resolved)).isTrue();
        assertThat(resolver.isResolved(WEB)).isFalse();
        assertThat(resolver.isSupported(new DomainSocketAddress("/x"))).isFalse();
        assertThat(resolver.resolve(new DomainSocketAddress("/x")).cause())
                .isInstanceOf(UnsupportedAddressTypeException.class);
        assertThat(resolver.resolveAll(resolved).getNow()).containsExactly(resolved);
    }

    @Test
    void fillsThePromiseItIsGiven() throws Exception {
        Promise<InetSocketAddress> promise = rig.loop.newPromise();
        assertThat(resolver.resolve(WEB, promise)).isSameAs(promise);
        assertThat(promise.sync().getNow().getPort()).isEqualTo(443);
        Promise<List<InetSocketAddress>> warm = rig.loop.newPromise();
        onLoop(() -> resolver.resolveAll(WEB, warm));
        assertThat(warm.sync().getNow()).hasSize(2);
    }

    @Test
    void endsTheLookupOfACancelledPromise() {
        rig.upstream.answers(question -> null);
        Promise<InetSocketAddress> promise = rig.loop.newPromise();
        resolver.resolve(WEB, promise);
        rig.upstream.asked();
        promise.cancel(false);
        onLoop(() -> "");
        assertThat(rig.upstream.asked()).hasSize(2).allMatch(each -> each.cancelled);
    }

    @Test
    void hasOneResolverPerLoopUntilThatEnds() throws Exception {
        EventLoop other = rig.time.newEventLoopGroup().next();
        AddressResolver<InetSocketAddress> its = group.getResolver(other);
        assertThat(group.getResolver(other)).isSameAs(its);
        assertThat(group.getResolver(rig.loop)).isSameAs(resolver).isNotSameAs(its);
        other.shutdownGracefully().sync();
        assertThatIllegalStateException().isThrownBy(() -> group.getResolver(other));
        assertThat(group.getResolver(rig.loop)).isSameAs(resolver);
    }
}
