package io.nettoolkit.pool.internal.state;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.pool.internal.hit.Entry;
import java.time.Duration;

/** What callers are told who get no connection. */
final class Refusals {

    private final String name;
    private final Roster roster;

    Refusals(String name, Roster roster) {
        this.name = name;
        this.roster = roster;
    }

    RejectedException closed() {
        return new RejectedException(name, Reason.SHUTTING_DOWN, Duration.ZERO, "the pool is closed");
    }

    RejectedException suspended() {
        return new RejectedException(
                name, Reason.SUSPENDED, Duration.ZERO, "the pool is suspended until resume() is called");
    }

    RejectedException full(int pending) {
        return new RejectedException(
                name,
                Reason.PENDING_LIMIT,
                Duration.ZERO,
                pending + " callers wait already; raise maxPending or maxSize, or use connections for less long");
    }

    /** Nothing in time. */
    NetException late(Waiter waiter, Numbers now, Pacer pacer) {
        int[] phases = new int[Entry.CLOSED + 1];
        for (int i = 0; i < roster.size(); i++) {
            phases[roster.at(i).phase()]++;
        }
        String hint = pacer.lastFailure() == null ? "" : "; the last connect failed, see the cause";
        return NetException.builder(Kind.ACQUIRE_TIMEOUT, Operation.ACQUIRE)
                .retryable(true)
                .elapsed(Duration.ofNanos(now.nanos - waiter.sinceNanos))
                .cause(pacer.lastFailure())
                .detail("no connection of " + name + " became free: " + roster.size() + " of " + now.maxSize
                        + " are open (" + (phases[Entry.LEASED] + phases[Entry.RETIRING]) + " in use, "
                        + phases[Entry.IDLE] + " idle, " + phases[Entry.VALIDATING] + " in a check, "
                        + phases[Entry.CLOSING] + " closing), " + now.connecting + " are being opened, " + now.pending
                        + " callers wait" + hint)
                .build();
    }

    /** The host cannot be reached. */
    NetException unreachable(Throwable cause, Pacer pacer, long nowNanos) {
        int failures = pacer.failures();
        return NetException.builder(Kind.of(cause), Operation.ACQUIRE)
                .retryable(true)
                .cause(cause)
                .detail("no connection of " + name + " is open, and the last " + failures
                        + (failures == 1 ? " connect" : " connects") + " failed; next try in "
                        + Duration.ofNanos(pacer.pauseNanos(nowNanos)) + ": " + cause.getMessage())
                .build();
    }

    /** A connect that did not end by its deadline. */
    NetException stuck(long nanos) {
        return NetException.builder(Kind.CONNECT_TIMEOUT, Operation.CONNECT)
                .retryable(true)
                .elapsed(Duration.ofNanos(nanos))
                .detail("the connector of " + name + " did not end in time; raise connectTimeout where that is normal")
                .build();
    }

    /** What the moment was like. */
    record Numbers(long nanos, int maxSize, int connecting, int pending) {}
}
