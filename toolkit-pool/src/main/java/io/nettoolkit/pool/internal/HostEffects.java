package io.nettoolkit.pool.internal;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import io.nettoolkit.pool.internal.state.Attempt;
import io.nettoolkit.pool.internal.state.Check;
import io.nettoolkit.pool.internal.state.Effects;
import io.nettoolkit.pool.internal.state.Member;
import io.nettoolkit.pool.internal.state.Step;
import io.nettoolkit.pool.internal.state.Waiter;
import io.nettoolkit.pool.internal.state.WarmUp;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Notes what the state machine wants done, for the combiner to do after the section. */
final class HostEffects implements Effects {

    private final Combiner combiner;
    private final Permits permits;
    private final HostPool<?> host;
    private final Wake wake;
    private final Connecting connecting;
    private final Notices notices;

    /** Who does what. */
    record Doers(Wake wake, Connecting connecting, Notices notices) {}

    HostEffects(HostPool<?> host, Combiner combiner, Permits permits, Doers doers) {
        this.host = host;
        this.combiner = combiner;
        this.permits = permits;
        wake = doers.wake;
        connecting = doers.connecting;
        notices = doers.notices;
    }

    private void later(Runnable effect) {
        combiner.effect(new Step() {
            @Override
            public void perform() {
                effect.run();
            }
        });
    }

    @Override
    public boolean tryTakePermit() {
        return permits.tryTake();
    }

    @Override
    public void giveBackPermit() {
        if (permits != Permits.UNLIMITED) {
            later(permits::giveBack);
        }
    }

    @Override
    public void connectEnded() {
        if (permits != Permits.UNLIMITED) {
            later(permits::connectEnded);
        }
    }

    @Override
    public boolean isPermitWanted() {
        return permits.isWanted();
    }

    @Override
    public boolean isCapFull() {
        return permits.isFull();
    }

    @Override
    public boolean isCapExceeded() {
        return permits.isExceeded();
    }

    @Override
    public boolean takesPermitBack(boolean needed) {
        return permits.takesBack(needed);
    }

    @Override
    public void keepsPermit() {
        permits.keeps();
    }

    @Override
    public void wantPermit() {
        later(() -> permits.want(host));
    }

    @Override
    public void unwantPermit() {
        permits.unwant();
    }

    @Override
    public void connect(Attempt attempt, @Nullable Waiter forWhom) {
        later(() -> connecting.begin(attempt, forWhom instanceof PoolWaiter waiter ? waiter.loop : null));
    }

    @Override
    public void abandon(Attempt attempt) {
        later(() -> connecting.abandon(attempt));
    }

    @Override
    public void deliver(Waiter waiter, Member member, long generation) {
        ((PoolWaiter) waiter).outcome((Connection) member, null);
        combiner.effect(waiter);
    }

    @Override
    public void invite(Waiter waiter) {
        later(((PoolWaiter) waiter)::invite);
    }

    @Override
    public void fail(Waiter waiter, Throwable cause) {
        ((PoolWaiter) waiter).outcome(null, cause);
        combiner.effect(waiter);
    }

    @Override
    public void check(Check check) {
        later(() -> connecting.check(check));
    }

    @Override
    public void screen(List<Member> members, Predicate<? super SocketAddress> avoided) {
        later(() -> host.control().screen(members, avoided));
    }

    @Override
    public void close(Member member) {
        later(() -> connecting.close((Connection) member));
    }

    @Override
    public void wakeAt(long nanos) {
        wake.at(nanos);
    }

    @Override
    public void opened(Member member, Duration elapsed) {
        later(() -> notices.opened((Connection) member, elapsed));
    }

    @Override
    public void connectFailed(Throwable cause, Duration elapsed) {
        later(() -> notices.connectFailed(cause, elapsed));
    }

    @Override
    public void closed(Member member, CloseCause cause, @Nullable Throwable failure) {
        later(() -> notices.closed((Connection) member, cause, failure));
    }

    @Override
    public void down(Throwable cause) {
        later(() -> notices.down(cause));
    }

    @Override
    public void up() {
        later(notices::up);
    }

    @Override
    public void warmed(WarmUp warmUp, int open, @Nullable Throwable failure) {
        later(() -> ((Warming) warmUp).end(open, failure));
    }

    @Override
    public void drained(DrainReport report) {
        wake.stop();
        later(() -> host.control().drained(report));
    }
}
