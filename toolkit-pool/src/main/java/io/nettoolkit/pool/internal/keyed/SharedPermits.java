package io.nettoolkit.pool.internal.keyed;

import io.nettoolkit.pool.internal.HostPool;
import io.nettoolkit.pool.internal.Permits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * Design note
 *
 * Idea: FairCap decides, under a lock that is held for a few instructions; what follows (a grant, an eviction) calls into pools
 * and happens outside of it, one at a time, on the thread that came first, which hands over to an event loop after a while.
 *
 * Room is made from two sides, and no idle connection can slip through between them: a host that gets in line raises `wanted`
 * and then looks for idle connections; a host whose connection becomes idle makes that visible and then reads `wanted`. One of
 * them sees the other. While the line has seen that nothing is idle anywhere, and every connection that came free since was
 * offered and taken, nobody has to look again (`lookedEverywhere`).
 *
 * Sources: the sample of eight is Redis' approximation of least recently used (its `maxmemory-samples`).
 */

/** The cap that all hosts share. Any thread may call every method. */
final class SharedPermits {

    private static final int SAMPLE = 8;
    /** Steps after which somebody else's thread is given back. */
    private static final int BATCH = 64;

    private final FairCap cap;
    private final RandomGenerator random;
    private final Executor later;
    private final List<Share> hosts = new ArrayList<>();

    private boolean settling;
    private boolean lookedEverywhere;
    private volatile boolean wanted;
    private volatile boolean exceeded;

    /**
     * @param random used under the lock alone
     * @param later goes on where one thread has done enough
     */
    SharedPermits(FairCap cap, RandomGenerator random, Executor later) {
        this.cap = cap;
        this.random = random;
        this.later = later;
    }

    /** A new host's part. */
    Share newShare() {
        return new Share();
    }

    /** From now on the host may have to make room for others. */
    synchronized void add(Share host, HostPool<?> pool) {
        host.pool = pool;
        host.index = hosts.size();
        hosts.add(host);
    }

    /** The host has nothing any more. */
    synchronized void remove(Share host) {
        Share last = hosts.remove(hosts.size() - 1);
        if (last != host) {
            hosts.set(host.index, last);
            last.index = host.index;
        }
    }

    /** Changes the number of permits; idle connections go at once where there are too many. */
    void resize(int permits) {
        synchronized (this) {
            cap.resize(permits);
            changed();
        }
        settle();
    }

    synchronized int cap() {
        return cap.cap();
    }

    synchronized int inLine() {
        return cap.inLine();
    }

    synchronized int taken() {
        return cap.taken();
    }

    synchronized int connecting() {
        return cap.connecting();
    }

    /** After each change of the books, under the lock. */
    private void changed() {
        changedButForExcess();
        boolean now = cap.isExceeded();
        if (now && !exceeded) {
            // From here on, what its host's minimum kept can go as well.
            lookedEverywhere = false;
        }
        exceeded = now;
    }

    private void changedButForExcess() {
        boolean now = cap.shortfall() > 0;
        if (now && !wanted) {
            // What became idle before nobody has offered.
            lookedEverywhere = false;
        }
        wanted = now;
    }

    private void settle() {
        synchronized (this) {
            if (settling) {
                return;
            }
            settling = true;
        }
        goOn();
    }

    private void goOn() {
        try {
            while (!settleSome() && !isHandedOver()) {
                // Nobody else would go on: the event loop is shut down.
            }
        } catch (Throwable failure) {
            // Out of memory, most likely. The next event settles what this one could not.
            synchronized (this) {
                settling = false;
            }
            throw failure;
        }
    }

    private boolean isHandedOver() {
        try {
            later.execute(this::goOn);
            return true;
        } catch (RejectedExecutionException shutDown) {
            return false;
        }
    }

    /** Whether there is nothing more to do; then {@code settling} is over. */
    private boolean settleSome() {
        for (int step = 0; step < BATCH; step++) {
            Share next;
            synchronized (this) {
                next = (Share) cap.grant();
                changed();
                if (next == null && (!wanted || lookedEverywhere)) {
                    settling = false;
                    return true;
                }
            }
            if (next == null) {
                makeRoom();
            } else {
                next.pool().grantPermit();
            }
        }
        return false;
    }

    private void makeRoom() {
        Share victim = longestIdle(sample());
        if (victim != null && evict(victim)) {
            return;
        }
        List<Share> all;
        synchronized (this) {
            // Before the look, so that whatever is offered and not taken meanwhile makes it happen again.
            lookedEverywhere = true;
            all = new ArrayList<>(hosts);
        }
        for (Share host = longestIdle(all); host != null; host = longestIdle(all)) {
            all.remove(host);
            if (evict(host)) {
                synchronized (this) {
                    lookedEverywhere = false;
                }
                return;
            }
        }
    }

    private synchronized List<Share> sample() {
        if (hosts.size() <= SAMPLE) {
            return new ArrayList<>(hosts);
        }
        List<Share> some = new ArrayList<>(SAMPLE);
        for (int i = 0; i < SAMPLE; i++) {
            some.add(hosts.get(random.nextInt(hosts.size())));
        }
        return some;
    }

    private static @Nullable Share longestIdle(List<Share> hosts) {
        Share oldest = null;
        long since = Long.MAX_VALUE;
        for (Share host : hosts) {
            long idleSince = host.pool().eviction().oldestNanos();
            if (idleSince != Long.MAX_VALUE && (oldest == null || idleSince - since < 0)) {
                oldest = host;
                since = idleSince;
            }
        }
        return oldest;
    }

    private boolean evict(Share host) {
        synchronized (this) {
            // Before it goes, or its permit could come back before it is expected.
            cap.expect(host);
            // It may be the one too many, which its pool has to see until it goes.
            changedButForExcess();
        }
        boolean goes = host.pool().eviction().evictOldest();
        synchronized (this) {
            if (!goes) {
                cap.expectNoMore(host);
            }
            changed();
        }
        return goes;
    }

    /** The part of one host, as its pool sees it. */
    final class Share extends FairCap.Account implements Permits {

        private @Nullable HostPool<?> pool;
        private int index;

        private Share() {}

        private HostPool<?> pool() {
            HostPool<?> its = pool;
            if (its == null) {
                throw new IllegalStateException("a host took part before it was added");
            }
            return its;
        }

        @Override
        public boolean tryTake() {
            synchronized (SharedPermits.this) {
                boolean taken = cap.tryTake(this);
                changed();
                return taken;
            }
        }

        @Override
        public void giveBack() {
            synchronized (SharedPermits.this) {
                cap.giveBack(this);
                changed();
            }
            settle();
        }

        @Override
        public void want(HostPool<?> host) {
            synchronized (SharedPermits.this) {
                cap.want(this);
                changed();
            }
            settle();
        }

        @Override
        public void unwant() {
            synchronized (SharedPermits.this) {
                cap.unwant(this);
                changed();
            }
        }

        @Override
        public void connectEnded() {
            synchronized (SharedPermits.this) {
                cap.connectEnded();
            }
            settle();
        }

        @Override
        public boolean isWanted() {
            return wanted;
        }

        @Override
        public boolean isExceeded() {
            return exceeded;
        }

        @Override
        public boolean isFull() {
            synchronized (SharedPermits.this) {
                return cap.isFull();
            }
        }

        @Override
        public void keeps() {
            synchronized (SharedPermits.this) {
                cap.expectNoMore(this);
                changed();
            }
        }

        @Override
        public boolean takesBack(boolean needed) {
            synchronized (SharedPermits.this) {
                boolean taken = cap.takesBack(this, needed);
                if (!taken && !needed) {
                    lookedEverywhere = false;
                }
                changed();
                return taken;
            }
        }
    }
}
