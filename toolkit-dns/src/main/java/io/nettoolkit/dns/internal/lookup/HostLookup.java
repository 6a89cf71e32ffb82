package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Source;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.cache.AnswerCache;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One caller's lookup of a host's addresses: the names it may be short for one after the other, each for both families at
 * once.
 *
 * <p>When one family has answered with addresses this host can reach, the other gets 50 ms more; then the caller has what there
 * is, and the other answer goes to the cache alone. Where this host can reach none of them it waits on.
 *
 * <p>A name that could not be looked up does not keep the next from being tried; where none of them has addresses, the first
 * failure is the outcome, because "no such host" would be more than is known.
 *
 * <p><b>Threading.</b> Confined to its executor, but for {@link #begin}.
 *
 * <p><b>Sources.</b> RFC 8305 section 3 (resolution delay), RFC 6724.
 */
final class HostLookup {

    static final long RESOLUTION_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Lookups lookups;
    private final LookupOptions options;
    private final String host;
    private final Deadline deadline;
    private final EventExecutor executor;
    private final List<DnsName> candidates;
    private final ToolkitFuture<List<InetAddress>> future;

    private int next;
    private @Nullable Family ipv4;
    private @Nullable Family ipv6;
    private @Nullable ScheduledFuture<?> delay;
    private @Nullable Throwable failure;
    private boolean nameExists;
    private boolean over;

    /** One of the two questions about a candidate. */
    private static final class Family {
        final Question question;
        final CompletableFuture<DnsAnswer<?>> future;

        @Nullable
        DnsAnswer<?> answer;

        @Nullable
        Throwable failure;

        Family(Question question, CompletableFuture<DnsAnswer<?>> future) {
            this.question = question;
            this.future = future;
        }

        boolean isDone() {
            return answer != null || failure != null;
        }

        List<InetAddress> addresses() {
            List<InetAddress> addresses = new ArrayList<>();
            for (DnsRecord each : answer == null ? List.<DnsRecord>of() : answer.records()) {
                addresses.add(each instanceof DnsRecord.A a ? a.address() : ((DnsRecord.Aaaa) each).address());
            }
            return addresses;
        }

        /** Whether it says that the name exists for no type. */
        boolean isNoSuchName() {
            return answer != null && answer.kind() == DnsAnswer.Kind.NXDOMAIN;
        }
    }

    HostLookup(Lookups lookups, LookupOptions options, String host, Deadline deadline, EventExecutor executor)
            throws DnsException {
        this.lookups = lookups;
        this.options = options;
        this.host = host;
        this.deadline = deadline;
        this.executor = executor;
        candidates = options.names().candidates(host);
        future = new ToolkitFuture<>(executor, this::abandon);
    }

    ToolkitFuture<List<InetAddress>> begin() {
        if (executor.inEventLoop()) {
            tryNext();
        } else {
            try {
                executor.execute(this::tryNext);
            } catch (RejectedExecutionException shutDown) {
                future.fail(lookups.refusal());
            }
        }
        return future;
    }

    private void tryNext() {
        while (!over) {
            if (next == candidates.size()) {
                finish(failure != null ? failure : noAddresses());
                return;
            }
            DnsName candidate = candidates.get(next++);
            Family first = ask(candidate, DnsType.A);
            Family second = ask(candidate, DnsType.AAAA);
            ipv4 = first;
            ipv6 = second;
            // Answers of the cache are there already: no need to climb the stack for each candidate.
            note(first);
            note(second);
            if (isUndecided(first, second)) {
                listen(first);
                listen(second);
                return;
            }
        }
    }

    private Family ask(DnsName candidate, DnsType<?> type) {
        Question question = new Question(candidate, type);
        return new Family(question, lookups.ask(question, deadline, executor));
    }

    private static void note(Family family) {
        if (!family.isDone() && family.future.isDone()) {
            try {
                family.answer = family.future.join();
            } catch (CompletionException failed) {
                family.failure = failed.getCause();
            } catch (CancellationException cancelled) {
                family.failure = cancelled;
            }
        }
    }

    private void listen(Family family) {
        if (!family.isDone()) {
            family.future.whenComplete((answer, cause) -> heard(family));
        }
    }

    private void heard(Family family) {
        note(family);
        Family first = ipv4;
        Family second = ipv6;
        boolean current = family == first || family == second;
        if (!over && current && first != null && second != null && !isUndecided(first, second)) {
            tryNext();
        }
    }

    /** False when this candidate is done with: it had addresses and the lookup is over, or the next one is to be tried. */
    private boolean isUndecided(Family first, Family second) {
        if (first.isNoSuchName() || second.isNoSuchName()) {
            // It speaks for both families; what is still under way for the other one is of no use, nor is its end.
            ipv4 = null;
            ipv6 = null;
            stopDelay();
            first.future.cancel(false);
            second.future.cancel(false);
            return false;
        }
        if (!first.isDone() || !second.isDone()) {
            List<InetAddress> some = first.isDone() ? first.addresses() : second.addresses();
            if (delay == null && !some.isEmpty() && options.isReachable().test(some)) {
                delay = executor.schedule(() -> hadEnough(first, second), RESOLUTION_DELAY_NANOS, TimeUnit.NANOSECONDS);
            }
            return true;
        }
        stopDelay();
        if (first.addresses().isEmpty() && second.addresses().isEmpty()) {
            Throwable cause = first.failure != null ? first.failure : second.failure;
            nameExists |= cause == null;
            failure = failure != null ? failure : cause;
            return false;
        }
        succeed(first, second);
        return false;
    }

    private void hadEnough(Family first, Family second) {
        delay = null;
        if (!over && first == ipv4) {
            succeed(first, second);
        }
    }

    private void succeed(Family first, Family second) {
        List<InetAddress> all = first.addresses();
        all.addAll(second.addresses());
        List<InetAddress> addresses = ResolvedHost.named(host, options.order().apply(all));
        keep(first, second, addresses);
        over = true;
        stopDelay();
        future.succeed(addresses);
    }

    /** Only what is complete and fresh is kept. */
    private void keep(Family first, Family second, List<InetAddress> addresses) {
        DnsAnswer<?> a = first.answer;
        DnsAnswer<?> aaaa = second.answer;
        if (a == null || aaaa == null || a.source() == Source.STALE || aaaa.source() == Source.STALE) {
            return;
        }
        long firstEnd = a.expires().nanos();
        long secondEnd = aaaa.expires().nanos();
        long end = secondEnd - firstEnd < 0 ? secondEnd : firstEnd;
        if (options.time().nanoTime() - end < 0) {
            AnswerCache cache = lookups.cache();
            ResolvedHost made = new ResolvedHost(
                    first.question.name(),
                    addresses,
                    end,
                    cache.entry(first.question.key(), DnsType.A),
                    cache.entry(second.question.key(), DnsType.AAAA));
            cache.keepHost(host, made);
        }
    }

    private DnsException noAddresses() {
        String tried = candidates.size() == 1 ? "" : ", nor have " + (candidates.size() - 1) + " of the search list";
        return DnsException.builder(nameExists ? Kind.DNS_NO_DATA : Kind.DNS_NO_SUCH_NAME, host)
                .detail(nameExists ? "the name has no address" + tried : "there is no such name" + tried)
                .build();
    }

    private void finish(Throwable cause) {
        over = true;
        stopDelay();
        future.fail(cause);
    }

    private void stopDelay() {
        if (delay != null) {
            delay.cancel(false);
            delay = null;
        }
    }

    /** The caller has given up. */
    private void abandon() {
        over = true;
        stopDelay();
        if (ipv4 != null && ipv6 != null) {
            ipv4.future.cancel(false);
            ipv6.future.cancel(false);
        }
    }
}
