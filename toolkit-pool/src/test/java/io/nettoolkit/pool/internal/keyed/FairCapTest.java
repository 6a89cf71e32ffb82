package io.nettoolkit.pool.internal.keyed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FairCapTest {

    private static final int MANY = 1_000;

    private final FairCap cap = new FairCap(4, MANY);
    private final FairCap.Account a = new FairCap.Account();
    private final FairCap.Account b = new FairCap.Account();
    private final FairCap.Account c = new FairCap.Account();

    @Test
    void givesWhatThereIs() {
        take(a, 4);

        assertThat(cap.tryTake(a)).isFalse();
        assertThat(cap.taken()).isEqualTo(4);
        assertThat(cap.shortfall()).isZero();
    }

    @Test
    void givesNobodyAPermitPastTheLine() {
        take(a, 4);
        cap.want(b);
        cap.giveBack(a);

        assertThat(cap.tryTake(a)).isFalse();
        assertThat(cap.grant()).isSameAs(b);
        assertThat(cap.grant()).isNull();
    }

    @Test
    void keepsAPlaceInLineOnceForEachHost() {
        take(a, 4);
        cap.want(b);
        cap.want(b);

        assertThat(cap.inLine()).isEqualTo(1);
        assertThat(cap.shortfall()).isEqualTo(1);
    }

    @Test
    void forgetsAHostThatWantsNothingAnyMore() {
        FairCap cap = new FairCap(1, 1);
        FairCap.Account one = new FairCap.Account();
        FairCap.Account two = new FairCap.Account();
        FairCap.Account three = new FairCap.Account();
        cap.tryTake(one);
        cap.connectEnded();
        cap.want(two);
        cap.want(three);
        cap.unwant(two);
        cap.unwant(two);
        assertThat(cap.inLine()).isEqualTo(1);
        assertThat(cap.isFull()).isTrue();

        cap.giveBack(one);
        assertThat(cap.grant()).isSameAs(three);
        cap.want(two);
        assertThat(cap.inLine()).isEqualTo(1);
    }

    @Test
    void grantsToTheHostThatKeepsLeastAndThenToTheOneThatWaitedLongest() {
        take(a, 2);
        take(b, 2);
        FairCap.Account d = new FairCap.Account();
        cap.want(a);
        cap.want(c);
        cap.want(d);
        cap.giveBack(b);
        cap.giveBack(b);
        cap.giveBack(a);

        assertThat(cap.grant()).isSameAs(c);
        assertThat(cap.grant()).isSameAs(d);
        assertThat(cap.grant()).isSameAs(a);
    }

    @Test
    void takesBackWhatNobodyNeedsWhileSomebodyIsInLine() {
        take(a, 4);
        assertThat(cap.takesBack(a, false)).isFalse();
        cap.want(b);

        assertThat(cap.takesBack(a, false)).isTrue();
        assertThat(cap.shortfall()).as("one is on its way").isZero();
        assertThat(cap.takesBack(a, false)).isFalse();
    }

    @Test
    void takesBackWhatIsNeededOnlyFromWhoHasTwoMore() {
        take(a, 3);
        take(b, 1);
        cap.want(c);
        assertThat(cap.takesBack(b, true)).as("has one").isFalse();
        assertThat(cap.takesBack(a, true)).as("has three").isTrue();
        cap.giveBack(a);
        assertThat(cap.grant()).isSameAs(c);

        cap.want(b);
        assertThat(cap.takesBack(a, true)).as("two against one").isFalse();
    }

    @Test
    void letsHostsTakeTurnsWhereThereAreMoreOfThemThanPermits() {
        List<FairCap.Account> hosts =
                IntStream.range(0, 4).mapToObj(i -> new FairCap.Account()).toList();
        hosts.forEach(host -> take(host, 1));
        cap.want(c);

        for (int use = 1; use < FairCap.QUANTUM; use++) {
            assertThat(cap.takesBack(hosts.get(0), true)).as("use %d", use).isFalse();
        }
        assertThat(cap.takesBack(hosts.get(0), true)).isTrue();
    }

    @Test
    void boundsConnectsUnderWay() {
        FairCap narrow = new FairCap(10, 2);
        assertThat(narrow.tryTake(a)).isTrue();
        assertThat(narrow.tryTake(b)).isTrue();
        assertThat(narrow.tryTake(c)).isFalse();
        narrow.want(c);
        assertThat(narrow.grant()).isNull();
        assertThat(narrow.shortfall()).as("permits are free").isZero();

        narrow.connectEnded();
        assertThat(narrow.grant()).isSameAs(c);
    }

    @Test
    void hasConnectionsGoWhenItShrinks() {
        take(a, 4);
        cap.resize(2);
        assertThat(cap.shortfall()).isEqualTo(2);
        assertThat(cap.takesBack(a, true)).isTrue();
        assertThat(cap.takesBack(a, false)).isTrue();
        assertThat(cap.takesBack(a, false)).isFalse();

        cap.giveBack(a);
        cap.giveBack(a);
        cap.want(b);
        assertThat(cap.grant()).isNull();
        assertThat(cap.shortfall()).isEqualTo(1);
    }

    @Test
    void forgetsAnExpectedPermitThatDoesNotCome() {
        take(a, 4);
        cap.want(b);
        cap.expect(a);
        assertThat(cap.shortfall()).isZero();
        cap.expectNoMore(a);
        assertThat(cap.shortfall()).isEqualTo(1);
    }

    @Test
    void refusesBooksThatDoNotBalance() {
        assertThatIllegalStateException().isThrownBy(() -> cap.giveBack(a));
        assertThatIllegalStateException().isThrownBy(cap::connectEnded);
    }

    /** I18: with a full cap, N waiting hosts that keep nothing are granted the next N permits, whatever else happens. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void grantsEveryWaitingHostOneOfTheNextNPermits(long seed) {
        Random random = new Random(seed);
        FairCap full = new FairCap(32, MANY);
        List<FairCap.Account> busy = accounts(8);
        for (int i = 0; i < 32; i++) {
            take(full, busy.get(i % 8));
        }
        List<FairCap.Account> waiting = accounts(20);
        waiting.forEach(full::want);

        List<FairCap.Account> granted = new ArrayList<>();
        for (int freed = 0; freed < waiting.size(); freed++) {
            FairCap.Account giver = busy.get(random.nextInt(8));
            while (giver.held() == 0) {
                giver = busy.get(random.nextInt(8));
            }
            busy.forEach(full::want);
            full.giveBack(giver);
            granted.add(full.grant());
        }
        assertThat(granted).as("seed %d", seed).containsExactlyElementsOf(waiting);
    }

    /**
     * Hosts that always have work, driven as the pools drive it, against what max-min fairness gives: nobody is ever left out,
     * the bounds hold at every step, and in the long run all have the same.
     */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void sharesEquallyAmongHostsThatAlwaysHaveWork(long seed) {
        Random random = new Random(seed);
        int permits = 1 + random.nextInt(24);
        int hosts = 1 + random.nextInt(48);
        FairCap shared = new FairCap(permits, 1 + random.nextInt(8));
        Load load = new Load(shared, accounts(hosts), random);
        for (int i = 0; i < 200_000; i++) {
            load.step();
            assertThat(shared.taken()).isBetween(0, permits);
            assertThat(shared.inLine()).isBetween(0, hosts);
        }
        assertThat(jain(load.uses))
                .as("seed %d: %d hosts, %d permits", seed, hosts, permits)
                .isGreaterThanOrEqualTo(0.95);
    }

    /** Sockets that end by themselves, grants that come too late and settings that change: the books balance in the end. */
    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24, 25, 26})
    void balancesItsBooksWhateverHappens(long seed) {
        Random random = new Random(seed);
        FairCap books = new FairCap(16, 4);
        List<FairCap.Account> hosts = accounts(10);
        int connecting = 0;
        for (int i = 0; i < 300_000; i++) {
            FairCap.Account host = hosts.get(random.nextInt(hosts.size()));
            int before = books.taken();
            switch (random.nextInt(8)) {
                case 0 -> connecting += books.tryTake(host) ? 1 : 0;
                case 1 -> books.want(host);
                case 2 -> connecting += books.grant() != null ? 1 : 0;
                case 3 -> {
                    if (connecting > 0) {
                        books.connectEnded();
                        connecting--;
                    }
                }
                case 4 -> {
                    if (host.held() > 0) {
                        books.giveBack(host);
                    }
                }
                case 5 -> books.takesBack(host, random.nextBoolean());
                case 6 -> {
                    if (host.held() > 0) {
                        books.expect(host);
                        books.expectNoMore(host);
                    }
                }
                default -> books.resize(1 + random.nextInt(24));
            }
            assertThat(books.taken())
                    .as("seed %d, step %d", seed, i)
                    .isLessThanOrEqualTo(Math.max(before, books.cap()))
                    .isEqualTo(hosts.stream().mapToInt(FairCap.Account::held).sum());
            assertThat(books.connecting()).isEqualTo(connecting).isLessThanOrEqualTo(4);
        }
        for (FairCap.Account host : hosts) {
            while (host.held() > 0) {
                books.giveBack(host);
            }
        }
        books.resize(0);
        assertThat(books.taken()).isZero();
        assertThat(books.shortfall()).as("nothing is on its way any more").isEqualTo(books.inLine());
    }

    private void take(FairCap.Account host, int permits) {
        for (int i = 0; i < permits; i++) {
            take(cap, host);
        }
    }

    private static void take(FairCap from, FairCap.Account host) {
        assertThat(from.tryTake(host)).isTrue();
        from.connectEnded();
    }

    private static List<FairCap.Account> accounts(int count) {
        return IntStream.range(0, count).mapToObj(i -> new FairCap.Account()).toList();
    }

    static double jain(long[] shares) {
        double sum = 0;
        double squares = 0;
        for (long share : shares) {
            sum += share;
            squares += (double) share * share;
        }
        return sum * sum / (shares.length * squares);
    }

    /** Every host uses what it has, and always wants more. */
    private static final class Load {

        final long[] uses;
        private final FairCap shared;
        private final List<FairCap.Account> hosts;
        private final Random random;
        private final Queue<Integer> connecting = new ArrayDeque<>();
        private final List<Integer> connected = new ArrayList<>();

        Load(FairCap shared, List<FairCap.Account> hosts, Random random) {
            this.shared = shared;
            this.hosts = hosts;
            this.random = random;
            uses = new long[hosts.size()];
        }

        void step() {
            int host = random.nextInt(hosts.size());
            if (shared.tryTake(hosts.get(host))) {
                connecting.add(host);
            } else {
                shared.want(hosts.get(host));
            }
            if (!connecting.isEmpty() && random.nextInt(3) > 0) {
                shared.connectEnded();
                connected.add(connecting.remove());
            }
            for (int used = 0; used < 4 && !connected.isEmpty(); used++) {
                use(random.nextInt(connected.size()));
            }
            FairCap.Account next = shared.grant();
            if (next != null) {
                connecting.add(hosts.indexOf(next));
            }
        }

        private void use(int connection) {
            int host = connected.get(connection);
            uses[host]++;
            if (shared.takesBack(hosts.get(host), true)) {
                connected.subList(connection, connection + 1).clear();
                shared.giveBack(hosts.get(host));
            }
        }
    }
}
