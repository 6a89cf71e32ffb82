package io.nettoolkit.pool.internal;

import io.nettoolkit.pool.ConnectionPool.Stats;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Shelf;
import io.nettoolkit.pool.internal.state.Counts;
import io.nettoolkit.pool.internal.state.Counts.Of;
import io.nettoolkit.pool.internal.state.HostState;
import io.nettoolkit.pool.internal.state.Member;

/** Counts what a pool is made of: the connections of one moment, each of them once. */
final class Statistics {

    private Statistics() {}

    static Stats of(HostState state, Shelf shelf, Usage usage) {
        Counts counts = state.counts();
        HostState.Snapshot now = state.snapshot();
        int[] phases = new int[Entry.CLOSED + 1];
        long leases = now.pastLeases();
        for (Member member : now.members()) {
            long word = member.word();
            phases[Entry.phase(word)]++;
            leases += Entry.generation(word);
        }
        int total = now.members().size() + now.connecting();
        int idle = phases[Entry.IDLE];
        int active = phases[Entry.LEASED] + phases[Entry.RETIRING];
        int validating = phases[Entry.VALIDATING];
        return new Stats(
                now.maxSize(),
                total,
                idle,
                active,
                validating,
                now.connecting(),
                total - now.connecting() - idle - active - validating,
                shelf.waiting(),
                leases,
                counts.waits(),
                counts.connects(),
                usage.uses(),
                counts.of(Of.CONNECT_FAILURES),
                counts.of(Of.TIMEOUTS),
                counts.of(Of.CANCELS),
                counts.of(Of.REJECTIONS),
                counts.closes(),
                usage.doubleReleases.get(),
                usage.lateCancels.get(),
                usage.leaks.get());
    }
}
