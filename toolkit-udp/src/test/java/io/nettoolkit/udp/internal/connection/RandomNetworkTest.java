package io.nettoolkit.udp.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.udp.CongestionControl;
import io.nettoolkit.udp.RudpConfig;
import io.nettoolkit.udp.RudpSecurity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Two connections over a network that is bad in at least three ways at once, drawn from a seed: 500 messages in each
 * direction over 30 virtual seconds, then a close from one side or both.
 *
 * <p>{@code -Drudp.seeds=10000} runs so many seeds, {@code -Drudp.seed=N} one alone.
 */
class RandomNetworkTest {

    private static final int MESSAGES = 500;
    /** Packets: twice what the worst of the networks needs, and less than most simulations send. */
    private static final int MOST_REMEMBERED = 1000;

    private static final byte[] KEY = new byte[16];

    @Test
    void deliversWhatIsPromisedWhateverTheNetworkDoes() {
        Integer one = Integer.getInteger("rudp.seed");
        int count = Integer.getInteger("rudp.seeds", 1000);
        int rests = 0;
        for (int seed = one == null ? 1 : one; seed <= (one == null ? count : one); seed++) {
            Scenario scenario = new Scenario(seed);
            try {
                scenario.run();
                rests += scenario.rests;
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "seed " + seed + " (replay: mvn -pl toolkit-udp test -Dtest=RandomNetworkTest" + " -Drudp.seed="
                                + seed + "): " + scenario,
                        e);
            }
        }
        if (one == null) {
            assertThat(rests).as("rests in the lulls").isGreaterThan(count / 10);
        }
    }

    private static final class Scenario {
        private final SplittableRandom random;
        private final SimNetwork network;
        private final SimWorkload up;
        private final SimWorkload down;
        private final RudpConfig config;
        private final long lullNanos;
        private boolean corrupts;
        private int rests;

        Scenario(long seed) {
            random = new SplittableRandom(seed);
            config = config();
            network = new SimNetwork(seed, config, config.toBuilder().build());
            up = new SimWorkload(network, seed * 7 + 1);
            down = new SimWorkload(network, seed * 7 + 2);
            up.largest = Math.min(up.largest, config.maxMessageBytes());
            down.largest = up.largest;
            spoil(network.toServer);
            spoil(network.toClient);
            lullNanos = random.nextInt(3) == 0 ? 0 : (5 + random.nextInt(10)) * SimClock.SECONDS;
        }

        private RudpConfig config() {
            corrupts = random.nextBoolean();
            RudpSecurity security = switch (random.nextInt(corrupts ? 2 : 3)) {
                case 0 -> RudpSecurity.psk(KEY);
                case 1 -> RudpSecurity.plaintext().withChecksum();
                default -> RudpSecurity.plaintext();
            };
            CongestionControl control = switch (random.nextInt(4)) {
                case 0 -> CongestionControl.newReno();
                case 1 -> CongestionControl.fixedRate(500_000);
                default -> CongestionControl.cubic();
            };
            RudpConfig.Builder builder = switch (random.nextInt(4)) {
                case 0 -> RudpConfig.lan(security).toBuilder();
                case 1 -> RudpConfig.realtime(security).toBuilder();
                case 2 -> RudpConfig.bulk(security).toBuilder();
                default -> RudpConfig.wan(security).toBuilder();
            };
            if (random.nextInt(3) == 0) {
                builder.maxMessageBytes(20_000)
                        .receiveWindowBytes(25_000)
                        .maxReceiveWindowBytes(100_000)
                        .maxUnreadMessages(20);
            }
            if (random.nextBoolean()) {
                // What a path has to carry and no more is the default of most presets.
                builder.datagramBytes(RudpConfig.MIN_DATAGRAM_BYTES + random.nextInt(3000));
            }
            return builder.congestionControl(control)
                    .idleTimeout(Duration.ofSeconds(40))
                    .handshakeTimeout(Duration.ofSeconds(60))
                    .drainTimeout(Duration.ofSeconds(300))
                    .build();
        }

        private void spoil(SimLink link) {
            List<Consumer<SimLink>> faults = new ArrayList<>(List.of(
                    l -> l.loss = random.nextDouble(0.2),
                    l -> l.burstBegin = random.nextDouble(0.03),
                    l -> l.jitterNanos = 1 + random.nextLong(40 * SimClock.MILLIS),
                    l -> l.reorder = random.nextDouble(0.2),
                    l -> l.duplicate = random.nextDouble(0.2),
                    l -> l.truncate = random.nextDouble(0.05),
                    l -> {
                        l.bytesPerSecond = 100_000 + random.nextLong(1_000_000);
                        l.queueBytes = 5_000 + random.nextLong(100_000);
                    },
                    l -> {
                        l.blackoutFrom = random.nextLong(20 * SimClock.SECONDS);
                        l.blackoutTo = l.blackoutFrom + random.nextLong(5 * SimClock.SECONDS);
                    },
                    l -> {
                        l.mtu = RudpConfig.MIN_DATAGRAM_BYTES + random.nextInt(600);
                        l.mtuFrom = random.nextBoolean() ? 0 : random.nextLong(20 * SimClock.SECONDS);
                    }));
            if (corrupts) {
                faults.add(l -> l.corrupt = random.nextDouble(0.1));
            }
            link.delayNanos = random.nextLong(150 * SimClock.MILLIS);
            Collections.shuffle(faults, new Random(random.nextLong()));
            faults.subList(0, 3 + random.nextInt(3)).forEach(fault -> fault.accept(link));
        }

        void run() {
            SimNode client = network.dial(2);
            down.receiveAt(client);
            up.schedule(client, MESSAGES, 29 * SimClock.SECONDS, lullNanos);
            if (random.nextInt(3) == 0) {
                network.clock.in(random.nextLong(25 * SimClock.SECONDS), () -> rebind(client));
            }
            while (network.accepted.isEmpty() && network.clock.now() < 60 * SimClock.SECONDS) {
                network.clock.runUntil(network.clock.now() + SimClock.MILLIS);
            }
            assertThat(network.accepted).as("connections").hasSize(1);
            SimNode server = network.accepted.get(0);
            up.receiveAt(server);
            down.schedule(server, MESSAGES, 29 * SimClock.SECONDS, lullNanos);
            client.mostBufferable = config.maxReceiveWindowBytes() + config.receiveWindowBytes();
            server.mostBufferable = client.mostBufferable;
            client.mostRemembered = MOST_REMEMBERED;
            server.mostRemembered = MOST_REMEMBERED;
            pauseSometimes(random.nextBoolean() ? client : server);
            network.clock.runUntil(Math.max(31 * SimClock.SECONDS, network.clock.now() + 30 * SimClock.SECONDS));
            awaitQuiet(client, server);
            close(client, server);
            network.finish(60 * SimClock.SECONDS);
            assertThat(network.accepted).as("connections").hasSize(1);
            checkEnd(client, server);
            rests = client.rests + server.rests;
        }

        private static void rebind(SimNode client) {
            // Before it is established a client whose address changes is another client.
            if (client.established) {
                client.rebind(SimNetwork.address(2, 6001));
            }
        }

        private void pauseSometimes(SimNode node) {
            for (int i = 0; i < 5; i++) {
                long from = random.nextLong(25 * SimClock.SECONDS);
                network.clock.in(from, () -> node.reading = false);
                network.clock.in(from + random.nextLong(SimClock.SECONDS), () -> {
                    node.reading = true;
                    node.pump();
                });
            }
        }

        private void awaitQuiet(SimNode client, SimNode server) {
            long limit = network.clock.now() + 200 * SimClock.SECONDS;
            while (network.clock.now() < limit && (isBusy(client) || isBusy(server))) {
                network.clock.runUntil(network.clock.now() + 100 * SimClock.MILLIS);
            }
        }

        private static boolean isBusy(SimNode node) {
            return node.closed == null && !node.connection().outbox().isSettled();
        }

        private void close(SimNode client, SimNode server) {
            int who = random.nextInt(3);
            if (who != 1) {
                client.close();
            }
            if (who != 0) {
                network.clock.in(random.nextLong(200 * SimClock.MILLIS), server::close);
            }
        }

        private void checkEnd(SimNode client, SimNode server) {
            assertThat(client.closed.isOrderly())
                    .as("client closed: %s", client.closed)
                    .isTrue();
            assertThat(server.closed.isOrderly())
                    .as("server closed: %s", server.closed)
                    .isTrue();
            up.check(client);
            down.check(server);
            assertThat(up.sent).hasSize(MESSAGES);
            assertThat(down.sent).hasSize(MESSAGES);
        }

        @Override
        public String toString() {
            return "to the server: " + network.toServer + "; to the client: " + network.toClient + "; " + config;
        }
    }
}
