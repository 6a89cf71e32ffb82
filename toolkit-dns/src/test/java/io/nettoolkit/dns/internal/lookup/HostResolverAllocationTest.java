package io.nettoolkit.dns.internal.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.cache.Responses;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
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
    void aWarmNameAllocatesNothing() {
        rig.upstream.answers(question -> Responses.addresses(
                question.key(), 300, question.type().equals(DnsType.A) ? "192.0.2.1" : "2001:db8::1"));
        HostResolverGroup group = new HostResolverGroup(rig.lookups);
        InetSocketAddress host = InetSocketAddress.createUnresolved("web.example", 443);
        group.getResolver(rig.loop).resolve(host).syncUninterruptibly();

        double bytes = rig.loop
                .submit(() -> {
                    group.getResolver(rig.loop).resolve(host);
                    long least = Long.MAX_VALUE;
                    for (int round = 0; round < MOST_ROUNDS && least >= CALLS; round++) {
                        long before = threads.getCurrentThreadAllocatedBytes();
                        for (int i = 0; i < CALLS; i++) {
                            if (!group.getResolver(rig.loop).resolve(host).isSuccess()) {
                                throw new AssertionError("not warm");
                            }
                        }
                        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                    }
                    return (double) least / CALLS;
                })
                .syncUninterruptibly()
                .getNow();

        assertThat(bytes).isLessThan(1);
        assertThat(rig.upstream.asked()).hasSize(2);
    }
}
