package io.nettoolkit.pool.internal;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.pool.ConnectionPool;
import io.nettoolkit.pool.internal.hit.Shelf;
import io.nettoolkit.pool.internal.state.HostState;
import io.nettoolkit.pool.internal.state.Member;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What an operator may do to a host's pool: its size, a suspension, what is retired and warmed up, and its end. Any thread. */
public final class HostControl {

    private final HostPool<?> host;
    private final HostState state;
    private final Shelf shelf;
    private final Notices notices;
    private final Addresses addresses;
    private final CompletableFuture<DrainReport> drained = new CompletableFuture<>();

    HostControl(HostPool<?> host, HostState state, Shelf shelf, Notices notices, Addresses addresses) {
        this.host = host;
        this.state = state;
        this.shelf = shelf;
        this.notices = notices;
        this.addresses = addresses;
    }

    /** As {@link ConnectionPool#resize}. */
    public void resize(int minIdle, int maxSize) {
        host.eviction().keep(minIdle);
        host.submit(nowNanos -> state.resize(minIdle, maxSize, nowNanos));
    }

    /** As {@link ConnectionPool#suspend}. */
    public void suspend() {
        host.submit(state::suspend);
    }

    /** As {@link ConnectionPool#resume}. */
    public void resume() {
        host.submit(state::resume);
    }

    /** Retires the connections to some addresses, or all of them where there is no predicate. */
    public void retire(@Nullable Predicate<? super SocketAddress> avoided, @Nullable Throwable cause) {
        host.submit(nowNanos -> state.retire(avoided, cause, nowNanos));
    }

    /** Finds the connections a predicate means, and retires those. */
    void screen(List<Member> members, Predicate<? super SocketAddress> avoided) {
        List<Member> matching = addresses.matching(members, avoided);
        host.submit(nowNanos -> state.retire(matching, nowNanos));
    }

    /** What a predicate of the user says of an address. */
    boolean matches(Predicate<? super SocketAddress> predicate, @Nullable SocketAddress address) {
        return addresses.matches(predicate, address);
    }

    /** As {@link ConnectionPool#warmUp}. */
    public CompletableFuture<Integer> warmUp(int connections) {
        Warming warming = new Warming(connections, host);
        host.submit(nowNanos -> state.warmUp(warming, nowNanos));
        return warming.future;
    }

    /** A warm-up was cancelled. */
    void giveUp(Warming warming) {
        host.submit(nowNanos -> state.giveUp(warming, nowNanos));
    }

    /** As {@link ConnectionPool#close(Duration)}. */
    public CompletableFuture<DrainReport> close(Duration grace) {
        ToolkitFuture<DrainReport> closed = new ToolkitFuture<>(host.home());
        drained.whenComplete((report, impossible) -> closed.succeedLater(host.home(), report));
        // At once, although somebody may be in the section: who comes after this call is refused.
        shelf.bar();
        host.submit(nowNanos -> state.close(nanos(grace), nowNanos));
        return closed;
    }

    private static long nanos(Duration grace) {
        Duration longest = Duration.ofDays(365);
        return (grace.compareTo(longest) < 0 ? grace : longest).toNanos();
    }

    /** Everything is closed. */
    void drained(DrainReport report) {
        notices.drained(report);
        drained.complete(report);
    }

    boolean isDrained() {
        return drained.isDone();
    }

    void whenDrained(Runnable then) {
        drained.thenRun(then);
    }
}
