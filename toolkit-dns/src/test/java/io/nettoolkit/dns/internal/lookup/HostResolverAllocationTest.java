package io.nettoolkit.dns.internal.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.cache.Responses;
import io.netty.resolver.AddressResolver;
import io.netty.util.concurrent.Future;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a bootstrap asks of a resolver for each connection costs no object once the name is warm. */
class HostResolverAllocationTest {

    private static final int CALLS = 20_000;
    private static final int MOST_ROUNDS = 500;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final LookupRig rig = new LookupRig();

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void warmNamesAllocateNothingHoweverManyThereAre() {
        answer();
        List<InetSocketAddress> hosts = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            for (int port : new int[] {80, 443, 8080}) {
                hosts.add(InetSocketAddress.createUnresolved("host-" + i + ".web.example", port));
            }
        }
        assertThat(bytesPerCall(hosts)).isLessThan(1);
        assertThat(rig.upstream.asked()).hasSize(800);
    }

    @Test
    void aWarmNameAllocatesNothingForAllItsAddresses() {
        answer();
        InetSocketAddress host = InetSocketAddress.createUnresolved("web.example", 443);
        assertThat(bytesPerCall(List.of(host), AddressResolver::resolveAll)).isLessThan(1);
    }

    @Test
    void namesOfTheHostsFileAllocateNothing() {
        rig.hosts("192.0.2.9 db.example db\n2001:db8::9 db.example\n");
        List<InetSocketAddress> hosts = List.of(
                InetSocketAddress.createUnresolved("db.example", 5432),
                InetSocketAddress.createUnresolved("DB", 5432),
                InetSocketAddress.createUnresolved("localhost", 8080));
        assertThat(bytesPerCall(hosts)).isLessThan(1);
        assertThat(rig.upstream.asked()).isEmpty();
    }

    @Test
    void addressesInLettersAllocateNothing() {
        List<InetSocketAddress> hosts = List.of(
                InetSocketAddress.createUnresolved("192.0.2.7", 80),
                InetSocketAddress.createUnresolved("[2001:db8::7]", 80),
                InetSocketAddress.createUnresolved("2001:db8::7", 443));
        assertThat(bytesPerCall(hosts)).isLessThan(1);
        assertThat(rig.upstream.asked()).isEmpty();
    }

    private void answer() {
        rig.upstream.answers(question -> Responses.addresses(
                question.key(), 300, question.type().equals(DnsType.A) ? "192.0.2.1" : "2001:db8::1"));
    }

    private double bytesPerCall(List<InetSocketAddress> hosts) {
        return bytesPerCall(hosts, AddressResolver::resolve);
    }

    /** Of a call on the loop, once each host has been asked for. */
    private double bytesPerCall(
            List<InetSocketAddress> hosts,
            BiFunction<AddressResolver<InetSocketAddress>, InetSocketAddress, Future<?>> call) {
        HostResolverGroup group = new HostResolverGroup(rig.lookups);
        InetSocketAddress[] each = hosts.toArray(InetSocketAddress[]::new);
        for (InetSocketAddress host : each) {
            rig.loop
                    .submit(() -> call.apply(group.getResolver(rig.loop), host))
                    .syncUninterruptibly()
                    .getNow()
                    .syncUninterruptibly();
        }
        return rig.loop
                .submit(() -> {
                    long least = Long.MAX_VALUE;
                    for (int round = 0; round < MOST_ROUNDS && least >= CALLS; round++) {
                        long before = threads.getCurrentThreadAllocatedBytes();
                        for (int i = 0; i < CALLS; i++) {
                            if (!call.apply(group.getResolver(rig.loop), each[i % each.length])
                                    .isSuccess()) {
                                throw new AssertionError("not warm");
                            }
                        }
                        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                    }
                    return (double) least / CALLS;
                })
                .syncUninterruptibly()
                .getNow();
    }
}
