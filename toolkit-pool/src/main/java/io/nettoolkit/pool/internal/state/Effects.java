package io.nettoolkit.pool.internal.state;

import io.nettoolkit.core.DrainReport;
import io.nettoolkit.pool.ConnectionPool.CloseCause;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the state machine wants done. It is called within the section: implementations note it, and do it in this order when the
 * section is over; only what concerns permits is asked at once.
 */
public interface Effects {

    /** Takes a permit of the cap that hosts share, where one is free. */
    boolean tryTakePermit();

    /** A permit is free again. */
    void giveBackPermit();

    /** Whether there is no permit because all are taken, and not because too many connects are under way; asked at once. */
    default boolean isCapFull() {
        return false;
    }

    /** Gets in line for a permit. */
    void wantPermit();

    /** Leaves that line; done at once. */
    default void unwantPermit() {}

    /** The connect that began with a permit is over, or will not begin. */
    default void connectEnded() {}

    /** Whether other hosts wait for permits; asked at once. */
    default boolean isPermitWanted() {
        return false;
    }

    /** Whether there are more connections than the cap allows by now; asked at once. */
    default boolean isCapExceeded() {
        return false;
    }

    /**
     * Whether a connection that is free has to go for another host; asked at once.
     *
     * @param needed whether somebody waits for it here
     */
    default boolean takesPermitBack(boolean needed) {
        return false;
    }

    /** The connection that was to go is in use. */
    default void keepsPermit() {}

    /**
     * Begins a connect.
     *
     * @param forWhom who will probably have it; null for nobody in particular
     */
    void connect(Attempt attempt, @Nullable Waiter forWhom);

    /** Nobody waits for this connect any more; what comes of it is closed. */
    void abandon(Attempt attempt);

    /** The connection is leased, in this generation, by this waiter. */
    void deliver(Waiter waiter, Member member, long generation);

    /** Tells the waiter to take an idle connection by itself, and to say what came of it: {@link HostState#tried}. */
    void invite(Waiter waiter);

    /** The waiter gets nothing. */
    void fail(Waiter waiter, Throwable cause);

    /** Checks a connection. */
    void check(Check check);

    /** Asks which connections are to be retired, and tells {@link HostState#retire(java.util.Collection, long)}. */
    void screen(List<Member> members, Predicate<? super SocketAddress> avoided);

    /** Closes a channel. */
    void close(Member member);

    /** Calls {@link HostState#tick} at that time, or sooner. */
    void wakeAt(long nanos);

    /** A connection is open. */
    void opened(Member member, Duration elapsed);

    /** A connect failed. */
    void connectFailed(Throwable cause, Duration elapsed);

    /** A connection is gone. */
    void closed(Member member, CloseCause cause, @Nullable Throwable failure);

    /** The host is down. */
    void down(Throwable cause);

    /** It is no longer. */
    void up();

    /** A warm-up is over. */
    void warmed(WarmUp warmUp, int open, @Nullable Throwable failure);

    /** Everything is closed. */
    void drained(DrainReport report);
}
