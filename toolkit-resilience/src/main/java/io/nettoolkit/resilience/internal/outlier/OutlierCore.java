package io.nettoolkit.resilience.internal.outlier;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.OutlierDetector.Cause;
import io.nettoolkit.resilience.OutlierDetector.Stats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * A report is a look-up and one or two atomic instructions on the endpoint's own counters. Whatever follows from reports
 * (ejections, returns, the sweep at the end of an interval) is done by one thread at a time, the one that raised `work`
 * from zero; others only raise it and go on. So nothing blocks, ejections see a count of the ejected that nobody else
 * changes, and the listener hears of them in their order. The map's own locks are taken for an endpoint that is new or
 * removed, for a few instructions and the endpoint's equals; a report of a known one only reads. There is no timer: reports
 * and questions move it along.
 *
 * Invariants: at most mostEjected(endpoints) are ejected, counted when one is; at most maxEndpoints are known; an endpoint
 * that the user removed is forgotten with everything about it.
 *
 * Sources: the outlier detection of the Envoy proxy (its documentation), for the kinds of ejection and the growing time.
 */

/**
 * The endpoints of one detector, and which of them are ejected.
 *
 * <p>Threading: any thread; nothing blocks.
 */
public final class OutlierCore<E> {

    /** Hears of ejections and returns. Must not throw. */
    public interface Sink<E> {
        /** An endpoint was ejected. */
        void onEjected(E endpoint, Cause cause, Duration time);

        /** Its time is over. */
        void onReturned(E endpoint);
    }

    private final EjectionRules rules;
    private final long intervalNanos;
    private final int maxEndpoints;
    private final RandomGenerator random;
    private final TimeSource timeSource;
    private final long originNanos;
    private final Sink<E> sink;

    private final ConcurrentHashMap<E, EndpointRecord<E>> endpoints = new ConcurrentHashMap<>();
    private final AtomicInteger known = new AtomicInteger();
    private final Queue<EndpointRecord<E>> suspects = new ConcurrentLinkedQueue<>();
    private final LongAdder untracked = new LongAdder();
    private final LongAdder ejections = new LongAdder();
    private final LongAdder suppressed = new LongAdder();
    private final AtomicInteger work = new AtomicInteger();

    // Written by the thread at work alone.
    private final List<EndpointRecord<E>> ejected = new ArrayList<>();
    private volatile long nextSweep;
    private volatile int ejectedNow;

    /** Knows no endpoint yet. */
    public OutlierCore(
            EjectionRules rules, Limits limits, RandomGenerator random, TimeSource timeSource, Sink<E> sink) {
        this.rules = rules;
        this.intervalNanos = limits.intervalNanos();
        this.maxEndpoints = limits.maxEndpoints();
        this.random = random;
        this.timeSource = timeSource;
        this.sink = sink;
        originNanos = timeSource.coarseNanos();
        nextSweep = intervalNanos;
    }

    /**
     * How much is kept.
     *
     * @param intervalNanos for how long calls are counted together
     * @param maxEndpoints how many endpoints are known at most
     */
    public record Limits(long intervalNanos, int maxEndpoints) {}

    /** A call to an endpoint succeeded. */
    public void succeeded(E endpoint) {
        EndpointRecord<E> about = recordOf(endpoint);
        if (about != null && !about.isEjected()) {
            about.succeeded();
        }
        lookAtTheClock();
    }

    /** A call to an endpoint failed. */
    public void failed(E endpoint) {
        EndpointRecord<E> about = recordOf(endpoint);
        if (about != null && !about.isEjected() && about.failed() == rules.consecutiveFailures()) {
            suspects.add(about);
            settle();
            return;
        }
        lookAtTheClock();
    }

    private @Nullable EndpointRecord<E> recordOf(E endpoint) {
        EndpointRecord<E> about = endpoints.get(endpoint);
        if (about != null) {
            return about;
        }
        if (known.incrementAndGet() > maxEndpoints) {
            known.decrementAndGet();
            untracked.increment();
            return null;
        }
        EndpointRecord<E> fresh = new EndpointRecord<>(endpoint);
        EndpointRecord<E> before = endpoints.putIfAbsent(endpoint, fresh);
        if (before != null) {
            known.decrementAndGet();
            return before;
        }
        return fresh;
    }

    private void lookAtTheClock() {
        if (timeSource.coarseNanos() - originNanos >= nextSweep) {
            settle();
        }
    }

    /** Whether an endpoint is to be left alone now. */
    public boolean isEjected(E endpoint) {
        EndpointRecord<E> about = endpoints.get(endpoint);
        if (about == null) {
            return false;
        }
        long until = about.ejectedUntil;
        if (until == EndpointRecord.NOT_EJECTED) {
            return false;
        }
        if (timeSource.coarseNanos() - originNanos < until) {
            return true;
        }
        settle();
        return false;
    }

    /** Forgets an endpoint. */
    public void remove(E endpoint) {
        EndpointRecord<E> about = endpoints.remove(endpoint);
        if (about != null) {
            known.decrementAndGet();
            about.removed = true;
            settle();
        }
    }

    /** Forgets all endpoints but these. */
    public void retain(Collection<? extends E> alive) {
        Set<E> kept = new HashSet<>(alive);
        for (E endpoint : endpoints.keySet()) {
            if (!kept.contains(endpoint)) {
                remove(endpoint);
            }
        }
    }

    /** Does what is due, unless another thread is at it: that one will then. */
    private void settle() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            long now = timeSource.nanoTime() - originNanos;
            takeBack(now);
            for (EndpointRecord<E> suspect = suspects.poll(); suspect != null; suspect = suspects.poll()) {
                eject(suspect, Cause.CONSECUTIVE_FAILURES, now);
            }
            if (now >= nextSweep) {
                nextSweep = now + intervalNanos;
                sweep(now);
            }
            seen = work.addAndGet(-seen);
        } while (seen != 0);
    }

    private void takeBack(long now) {
        for (Iterator<EndpointRecord<E>> all = ejected.iterator(); all.hasNext(); ) {
            EndpointRecord<E> about = all.next();
            if (about.removed || now >= about.ejectedUntil) {
                all.remove();
                ejectedNow = ejected.size();
                about.forgetStreak();
                about.takeInterval();
                about.returned = true;
                about.ejectedUntil = EndpointRecord.NOT_EJECTED;
                if (!about.removed) {
                    sink.onReturned(about.endpoint);
                }
            }
        }
    }

    /** The end of an interval: judges by shares, and forgives one ejection to each endpoint that kept its place. */
    private void sweep(long now) {
        List<EndpointRecord<E>> judged = new ArrayList<>();
        double[] rates = new double[endpoints.size() + 1];
        double[] failureRates = rates.clone();
        for (EndpointRecord<E> about : endpoints.values()) {
            if (about.isEjected()) {
                continue;
            }
            long interval = about.takeInterval();
            long calls = EndpointRecord.calls(interval);
            if (!rules.isEnough(calls) || judged.size() == rates.length) {
                forgive(about);
                continue;
            }
            long failed = EndpointRecord.failed(interval);
            failureRates[judged.size()] = rules.failsTooOften(calls, failed) ? 1 : 0;
            rates[judged.size()] = (double) (calls - failed) / calls;
            judged.add(about);
        }
        double lowest = rules.lowestGoodRate(rates, judged.size());
        for (int i = 0; i < judged.size(); i++) {
            if (failureRates[i] > 0) {
                eject(judged.get(i), Cause.FAILURE_RATE, now);
            } else if (rates[i] < lowest) {
                eject(judged.get(i), Cause.SUCCESS_RATE, now);
            } else {
                forgive(judged.get(i));
            }
        }
    }

    private static void forgive(EndpointRecord<?> about) {
        about.ejections = about.returned ? about.ejections : Math.max(0, about.ejections - 1);
        about.returned = false;
    }

    private void eject(EndpointRecord<E> about, Cause cause, long now) {
        if (about.removed || about.isEjected()) {
            return;
        }
        if (ejected.size() >= rules.mostEjected(endpoints.size())) {
            suppressed.increment();
            about.forgetStreak();
            return;
        }
        about.ejections++;
        about.returned = false;
        long time = rules.ejectionNanos(about.ejections, random);
        ejected.add(about);
        ejectedNow = ejected.size();
        ejections.increment();
        about.ejectedUntil = now + time;
        sink.onEjected(about.endpoint, cause, Duration.ofNanos(time));
    }

    /** What was counted. */
    public Stats stats() {
        return new Stats(endpoints.size(), ejectedNow, ejections.sum(), suppressed.sum(), untracked.sum());
    }
}
