package io.nettoolkit.pool.internal.state;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Entry.End;
import io.nettoolkit.pool.internal.state.Rig.FakeMember;
import io.nettoolkit.pool.internal.state.Rig.FakeWaiter;
import io.nettoolkit.pool.internal.state.Rig.Options;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A million random events, each compared with a model that says in the plainest words what has to come of it: who is in line,
 * who must be served, who must fail and how, and how many connects there have to be. {@code -Dpool.machine.events=N} (250,000) is
 * how many events each of the seeds has.
 */
class HostStateModelTest {

    private static final int EVENTS = Integer.getInteger("pool.machine.events", 250_000);
    private static final int MAX_PENDING = 6;
    private static final long PAUSE_NANOS = Duration.ofMillis(50).toNanos();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void doesWhatTheModelSays(long seed) {
        Model model = new Model(seed);
        for (int i = 0; i < EVENTS; i++) {
            String step = "";
            try {
                step = model.step();
                model.check();
            } catch (Throwable failure) {
                throw new AssertionError("seed " + seed + ", event " + i + ", " + step, failure);
            }
        }
        model.end();
    }

    private static final class Model {

        private final SplittableRandom random;
        private final Rig rig;

        /** Who waits, in order. */
        private final Deque<FakeWaiter> line = new ArrayDeque<>();
        /** Who gave up, and the machine does not know. */
        private final List<FakeWaiter> silent = new ArrayList<>();

        private final List<FakeMember> held = new ArrayList<>();
        private final Map<FakeMember, Long> generations = new HashMap<>();
        private int delivered;
        private int failed;
        private int maxSize = 4;
        private boolean suspended;
        private int failures;
        private int fewConnects = 2;
        private long pausedUntil;

        Model(long seed) {
            random = new SplittableRandom(seed);
            Options options = new Options();
            options.maxSize = maxSize;
            options.maxPending = MAX_PENDING;
            options.backoff = Backoff.fixed(Duration.ofMillis(50));
            options.validateAfter = Duration.ofSeconds(2);
            options.idle = Duration.ofSeconds(20);
            options.lifetime = Duration.ofSeconds(60);
            options.connect = Duration.ofSeconds(3);
            rig = new Rig(options);
            pausedUntil = rig.now;
        }

        String step() {
            int dice = random.nextInt(100);
            if (dice < 24) {
                return acquire();
            } else if (dice < 34) {
                return tryAcquire();
            } else if (dice < 58) {
                return release();
            } else if (dice < 61) {
                return discard();
            } else if (dice < 66) {
                return cancel();
            } else if (dice < 80) {
                return connect();
            } else if (dice < 86) {
                return close();
            } else if (dice < 90) {
                return answerCheck();
            } else if (dice < 97) {
                return pass(random.nextInt(10) == 0 ? 5_000 : random.nextInt(200));
            }
            return operate();
        }

        private String acquire() {
            boolean refused = suspended || line.size() >= MAX_PENDING;
            FakeWaiter waiter = rig.acquire(Duration.ofMillis(random.nextInt(1, 4_000)));
            if (refused) {
                Rig.must(waiter.failure != null && rig.failed.get(failed) == waiter, "refused: " + waiter.number);
                failed++;
            } else {
                line.add(waiter);
            }
            return "acquire";
        }

        private String tryAcquire() {
            FakeMember got = rig.tryAcquire();
            if (got != null) {
                Rig.must(line.isEmpty() && !suspended, "taken past those who wait");
                take(got);
            }
            return "tryAcquire";
        }

        private void take(FakeMember got) {
            Rig.must(!held.contains(got), "held by two: " + got);
            Rig.must(got.active, "not active: " + got);
            Long before = generations.put(got, got.generation());
            Rig.must(before == null || before < got.generation(), "a generation that was there before: " + got);
            held.add(got);
        }

        private FakeMember anyHeld() {
            return held.isEmpty() ? null : held.remove(random.nextInt(held.size()));
        }

        private String release() {
            FakeMember member = anyHeld();
            if (member != null) {
                long generation = member.generation();
                Rig.must(rig.release(member) != End.STALE, "a release that did not count");
                Rig.must(
                        member.release(generation, Rig.ALL_BITS, rig.now) == End.STALE
                                || member.generation() != generation,
                        "a second release that counted");
            }
            return "release";
        }

        private String discard() {
            FakeMember member = anyHeld();
            if (member != null) {
                Rig.must(rig.discard(member) != End.STALE, "a discard that did not count");
                Rig.must(rig.discard(member) == End.STALE, "a second discard that counted");
            }
            return "discard";
        }

        private String cancel() {
            FakeWaiter[] all = line.toArray(new FakeWaiter[0]);
            if (all.length > 0) {
                FakeWaiter waiter = all[random.nextInt(all.length)];
                if (random.nextBoolean()) {
                    waiter.gaveUp = true;
                    silent.add(waiter);
                    return "gives up";
                }
                line.remove(waiter);
                silent.remove(waiter);
                rig.cancel(waiter);
            }
            return "cancel";
        }

        private String connect() {
            if (rig.connecting.isEmpty()) {
                return "nothing to connect";
            }
            if (random.nextInt(10) < 7) {
                rig.connectOk();
                // One connect at a time after the host was down, at least two after that.
                fewConnects = failures >= 3 ? 1 : 2;
                failures = 0;
                pausedUntil = rig.now;
            } else {
                int failedBefore = failures++;
                pausedUntil = rig.now + PAUSE_NANOS;
                boolean hadOpen = hasOpen();
                rig.connectFail();
                expectFailure(hadOpen, failedBefore);
            }
            return "connect";
        }

        /** With nothing open a failed connect fails the first in line, and the third in a row fails all. */
        private void expectFailure(boolean hadOpen, int failedBefore) {
            if (hadOpen) {
                return;
            }
            boolean all = failedBefore >= 2 && rig.connecting.isEmpty();
            for (int i = 0; i < (all ? MAX_PENDING : 1) && !line.isEmpty(); i++) {
                FakeWaiter first = line.poll();
                silent.remove(first);
                Rig.must(rig.failed.get(failed++) == first, "fails: " + first.number);
            }
        }

        private boolean hasOpen() {
            for (Member member : rig.state.snapshot().members()) {
                int phase = member.phase();
                if (phase != Entry.CLOSING) {
                    return true;
                }
            }
            return false;
        }

        private String close() {
            if (!rig.closing.isEmpty() && random.nextInt(4) > 0) {
                rig.closed(rig.closing.peek());
                return "closed";
            }
            if (!rig.open.isEmpty() && random.nextInt(3) == 0) {
                FakeMember lost = rig.open.get(random.nextInt(rig.open.size()));
                rig.closed(lost);
                return "lost";
            }
            return "nothing to close";
        }

        private String answerCheck() {
            if (!rig.checks.isEmpty()) {
                rig.check(random.nextInt(5) > 0);
            }
            return "check";
        }

        private String pass(long millis) {
            // The model looks at each instant at which the machine wants to be woken.
            long target = rig.now + Duration.ofMillis(millis).toNanos();
            while (rig.wakeAt != null && rig.wakeAt <= target) {
                rig.now = Math.max(rig.now, rig.wakeAt);
                int attempts = rig.failedConnects.size();
                boolean hadOpen = hasOpen();
                rig.tick();
                for (int i = attempts; i < rig.failedConnects.size(); i++) {
                    pausedUntil = rig.now + PAUSE_NANOS;
                    expectFailure(hadOpen, failures++);
                }
                expectTimeouts();
                check();
            }
            rig.now = target;
            return "wait";
        }

        private void expectTimeouts() {
            while (failed < rig.failed.size()) {
                FakeWaiter late = rig.failed.get(failed++);
                Rig.must(
                        late.deadlineNanos() <= rig.now || (failures >= 3 && rig.connecting.isEmpty()),
                        "failed too early: " + late.number);
                Rig.must(line.remove(late), "failed, but not in line: " + late.number);
                silent.remove(late);
            }
            for (FakeWaiter waiter : line) {
                Rig.must(waiter.deadlineNanos() > rig.now || waiter.got != null, "waits too long: " + waiter.number);
            }
        }

        private String operate() {
            switch (random.nextInt(4)) {
                case 0 -> {
                    suspended = !suspended;
                    rig.event(suspended ? rig.state::suspend : rig.state::resume);
                    if (suspended) {
                        expectAllFail();
                    }
                }
                case 1 -> {
                    maxSize = random.nextInt(1, 7);
                    rig.event(nowNanos -> rig.state.resize(0, maxSize, nowNanos));
                }
                case 2 -> rig.event(nowNanos -> rig.state.retire(null, null, nowNanos));
                default -> {
                    if (!suspended) {
                        rig.warmUp(random.nextInt(3));
                    }
                }
            }
            return "operate";
        }

        private void expectAllFail() {
            while (!line.isEmpty()) {
                FakeWaiter next = line.poll();
                silent.remove(next);
                Rig.must(rig.failed.get(failed++) == next, "suspended: " + next.number);
            }
        }

        /** What holds after every event. */
        void check() {
            while (delivered < rig.delivered.size()) {
                FakeWaiter waiter = rig.delivered.get(delivered++);
                for (FakeWaiter first = line.poll(); first != waiter; first = line.poll()) {
                    Rig.must(silent.remove(first), "served out of turn: " + waiter.number);
                }
                take(waiter.got);
            }
            expectTimeouts();
            dropBounced();
            Rig.must(rig.shelf.waiting() == line.size(), "in line: " + rig.shelf.waiting() + ", not " + line.size());
            Rig.must(line.size() <= MAX_PENDING, "too many wait");
            Rig.must(rig.takenPermits == rig.total(), "permits: " + rig.takenPermits + " for " + rig.total());
            int idle = rig.idle();
            Rig.must(
                    idle
                                    + rig.in(Entry.LEASED)
                                    + rig.in(Entry.RETIRING)
                                    + rig.in(Entry.VALIDATING)
                                    + rig.in(Entry.CLOSING)
                            == rig.state.snapshot().members().size(),
                    "phases do not add up");
            checkProgress();
        }

        /** Who gave up in silence leaves the line by a delivery that bounces, too. */
        private void dropBounced() {
            while (!line.isEmpty() && silent.contains(line.peek()) && rig.shelf.waiting() < line.size()) {
                silent.remove(line.poll());
            }
        }

        private void checkProgress() {
            if (line.isEmpty() || suspended) {
                return;
            }
            for (Member member : rig.state.snapshot().members()) {
                boolean isFree = member.phase() == Entry.IDLE && member.isActive();
                Rig.must(
                        !isFree || rig.checks.size() >= line.size() || !rig.shelf.isFresh(member, rig.now),
                        "somebody waits beside " + member);
            }
            int coming = rig.connecting.size() + rig.checks.size();
            boolean mayConnect = rig.now >= pausedUntil && rig.total() < maxSize;
            int limit = failures > 0 ? 1 : fewConnects;
            Rig.must(
                    !mayConnect || coming >= Math.min(line.size(), limit) || rig.connecting.size() >= limit,
                    line.size() + " wait, and only " + coming + " are coming");
        }

        void end() {
            if (suspended) {
                rig.event(rig.state::resume);
            }
            rig.event(nowNanos -> rig.state.close(0, nowNanos));
            rig.finishCloses();
            Rig.must(rig.drained != null && rig.takenPermits == 0 && rig.total() == 0, "not at rest");
        }
    }
}
