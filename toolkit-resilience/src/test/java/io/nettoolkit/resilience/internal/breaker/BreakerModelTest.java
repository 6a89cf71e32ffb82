package io.nettoolkit.resilience.internal.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Backoff;
import io.nettoolkit.resilience.CircuitBreaker.State;
import io.nettoolkit.resilience.Classifier.Outcome;
import io.nettoolkit.resilience.internal.breaker.ReferenceBreaker.Options;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random schedules of calls, results, switches and time: the breaker does what the slow reference does, at every step. */
class BreakerModelTest {

    private static final long SEED = 20_261_121;
    private static final int SCHEDULES = 600;
    private static final int STEPS = 600;
    private static final List<Outcome> OUTCOMES = List.of(Outcome.values());
    private static final long MILLI = 1_000_000;

    @Test
    void doesWhatTheReferenceDoes() {
        for (int i = 0; i < SCHEDULES; i++) {
            new Schedule(SEED + i).run();
        }
    }

    /** The clock of the reference begins at 0, so the wrap is in the breaker's readings alone. */
    @Test
    void doesWhatTheReferenceDoesWhileTheClocksReadingsWrap() {
        for (int i = 0; i < SCHEDULES / 6; i++) {
            Schedule schedule = new Schedule(SEED - 1 - i);
            schedule.clock = new BreakerClock(Long.MAX_VALUE - schedule.random.nextInt(1_000_000_000));
            schedule.run();
        }
    }

    /** One run. */
    private static final class Schedule {

        private final long seed;
        private final Random random;
        private final Options options;
        private BreakerClock clock;
        private final List<Long> permits = new ArrayList<>();
        private final List<ReferenceBreaker.Permit> expected = new ArrayList<>();
        private final List<String> trace = new ArrayList<>();
        private long late;

        Schedule(long seed) {
            this.seed = seed;
            random = new Random(seed);
            options = new Options(
                    random.nextInt(3) == 0 ? 1 + random.nextInt(30) : 0,
                    (100 + random.nextInt(2_000)) * MILLI,
                    1 + random.nextInt(12),
                    (1 + random.nextInt(10)) / 10.0,
                    random.nextBoolean() ? 50 : Long.MAX_VALUE,
                    (1 + random.nextInt(10)) / 10.0,
                    random.nextInt(3) == 0 ? 1 + random.nextInt(6) : 0,
                    1 + random.nextInt(6),
                    (1 + random.nextInt(300)) * MILLI,
                    (1 + random.nextInt(100)) * MILLI,
                    (100 + random.nextInt(400)) * MILLI);
            clock = new BreakerClock(random.nextLong() >> 1);
        }

        void run() {
            ReferenceBreaker reference = new ReferenceBreaker(options);
            BreakerCore breaker = newCore();
            for (int step = 0; step < STEPS; step++) {
                step(breaker, reference);
                long now = clock.elapsedNanos();
                assertThat(breaker.state()).as(this::toString).isEqualTo(reference.state());
                if (reference.state() == State.HALF_OPEN) {
                    assertThat(breaker.stats().probes())
                            .as(this::toString)
                            .isEqualTo(reference.running(now))
                            .isLessThanOrEqualTo(options.probes());
                }
                assertThat(breaker.stats().windowCalls()).as(this::toString).isEqualTo(reference.windowCalls(now));
                assertThat(breaker.stats().late()).as(this::toString).isEqualTo(late);
            }
        }

        private BreakerCore newCore() {
            Thresholds thresholds = new Thresholds(
                    options.minimumCalls(),
                    options.failureRate(),
                    options.slowNanos() == Long.MAX_VALUE ? Thresholds.OFF : options.slowRate());
            BreakerRules rules =
                    new BreakerRules(options.probes(), options.leaseNanos(), options.maxOpenNanos(), thresholds);
            Duration max = Duration.ofNanos(options.maxOpenNanos());
            BreakerCore.Parts parts = new BreakerCore.Parts(
                    rules, Backoff.exponential(Duration.ofNanos(options.openNanos()), max), random, clock.timeSource());
            parts.windowCalls = options.countWindow();
            parts.windowNanos = options.windowNanos();
            parts.consecutiveFailures = options.consecutiveFailures();
            parts.slowNanos = options.slowNanos();
            return new BreakerCore(parts, (from, to) -> {});
        }

        private void step(BreakerCore breaker, ReferenceBreaker reference) {
            int dice = random.nextInt(100);
            if (dice < 40) {
                acquire(breaker, reference);
            } else if (dice < 80) {
                if (!permits.isEmpty()) {
                    finish(breaker, reference);
                }
            } else if (dice < 98) {
                long nanos = random.nextInt(4) == 0 ? random.nextInt(500) * MILLI : random.nextInt(20) * MILLI / 4;
                trace.add("advance " + nanos);
                clock.advance(Duration.ofNanos(nanos));
            } else if (random.nextInt(6) == 0) {
                State[] forced = {State.CLOSED, State.CLOSED, State.FORCED_OPEN, State.FORCED_CLOSED, State.DISABLED};
                State state = forced[random.nextInt(forced.length)];
                trace.add("force " + state);
                breaker.force(state);
                reference.force(state);
            } else if (reference.state() != State.OPEN && reference.state() != State.HALF_OPEN) {
                trace.add("reset");
                breaker.force(State.CLOSED);
                reference.force(State.CLOSED);
            }
        }

        private void acquire(BreakerCore breaker, ReferenceBreaker reference) {
            long permit = breaker.tryAcquire();
            ReferenceBreaker.Permit wanted = reference.tryAcquire(clock.elapsedNanos());
            trace.add("acquire " + permit);
            assertThat(permit >= 0).as(this::toString).isEqualTo(wanted != null);
            if (wanted != null) {
                permits.add(permit);
                expected.add(wanted);
            }
        }

        private void finish(BreakerCore breaker, ReferenceBreaker reference) {
            int which = random.nextInt(permits.size());
            long permit = permits.remove(which);
            Outcome outcome = OUTCOMES.get(random.nextInt(OUTCOMES.size()));
            // One long phase of good results in each schedule, so that windows fill up.
            if (random.nextInt(3) != 0 && seed % 2 == 0) {
                outcome = Outcome.SUCCESS;
            }
            long elapsed = random.nextInt(100);
            trace.add("result " + outcome + " " + elapsed + " of " + permit);
            breaker.onResult(permit, outcome, elapsed);
            late += reference.onResult(expected.remove(which), outcome, elapsed, clock.elapsedNanos()) ? 0 : 1;
        }

        @Override
        public String toString() {
            return "seed " + seed + ", " + options + ", steps so far " + trace;
        }
    }
}
