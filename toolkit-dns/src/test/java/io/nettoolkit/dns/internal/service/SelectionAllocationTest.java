package io.nettoolkit.dns.internal.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.nettoolkit.dns.ServiceEndpoint;
import io.nettoolkit.dns.internal.cache.Responses;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Choosing an endpoint for each call costs no object. */
class SelectionAllocationTest {

    private static final int CALLS = 20_000;
    private static final int MOST_ROUNDS = 500;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void aChoiceAllocatesNothing() {
        List<ServiceEndpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            endpoints.add(new ServiceEndpoint("h" + i, 80, 1, i, List.of(Responses.address("192.0.2.1"))));
        }
        Selection selection = Selection.of(endpoints);
        SplittableRandom random = new SplittableRandom(1);

        long least = Long.MAX_VALUE;
        int chosen = 0;
        for (int round = 0; round < MOST_ROUNDS && least >= CALLS; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                chosen += selection.next(random) == null ? 0 : 1;
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }

        assertThat((double) least / CALLS).isLessThan(1);
        assertThat(chosen).isPositive();
    }
}
