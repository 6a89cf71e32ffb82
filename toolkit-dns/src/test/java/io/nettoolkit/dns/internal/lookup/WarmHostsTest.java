package io.nettoolkit.dns.internal.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.internal.cache.Responses;
import io.nettoolkit.dns.internal.lookup.WarmHosts.WarmHost;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WarmHostsTest {

    private final Set<WarmHost> ended = new HashSet<>();
    private final WarmHosts hosts = new WarmHosts(warm -> !ended.contains(warm));
    private final List<WarmHost> all = new ArrayList<>();

    private WarmHost put(String host, int port) {
        InetSocketAddress address = new InetSocketAddress(Responses.address("192.0.2.1"), port);
        WarmHost warm = new WarmHost(
                host,
                port,
                null,
                all.size(),
                0,
                ImmediateEventExecutor.INSTANCE.newSucceededFuture(address),
                ImmediateEventExecutor.INSTANCE.newSucceededFuture(List.of(address)));
        hosts.put(warm);
        all.add(warm);
        return warm;
    }

    private long found() {
        return all.stream()
                .filter(each -> hosts.get(each.host(), each.port()) == each)
                .count();
    }

    /** Strings with one hash. */
    private static String sameHash(int number) {
        StringBuilder text = new StringBuilder();
        for (int bit = 0; bit < 16; bit++) {
            text.append((number >> bit & 1) == 0 ? "Aa" : "BB");
        }
        return text.toString();
    }

    @Test
    void findsWhatWasPutInByHostAndPort() {
        WarmHost warm = put("a.example", 80);
        assertThat(hosts.get(new String("a.example"), 80)).isSameAs(warm);
        assertThat(hosts.get("a.example", 81)).isNull();
        assertThat(hosts.get("b.example", 80)).isNull();
    }

    @Test
    void takesTheNewOneForTheOld() {
        put("a.example", 80);
        WarmHost second = put("a.example", 80);
        assertThat(hosts.get("a.example", 80)).isSameAs(second);
        assertThat(found()).isOne();
    }

    @Test
    void keepsSomeThousandNamesWithoutLosingOne() {
        for (int i = 0; i < 3000; i++) {
            put("host-" + i + ".example", i % 3);
        }
        assertThat(found()).isEqualTo(3000);
    }

    @Test
    void keepsNoMoreThanThereArePlacesAndAlwaysTheLast() {
        for (int i = 0; i < 5 * WarmHosts.LARGEST; i++) {
            WarmHost warm = put("host-" + i + ".example", 80);
            assertThat(hosts.get(warm.host(), 80)).isSameAs(warm);
        }
        assertThat(found()).isBetween(WarmHosts.LARGEST * 9L / 10, (long) WarmHosts.LARGEST);
    }

    @Test
    void keepsSixteenOfOneHashAndAlwaysTheLast() {
        for (int i = 0; i < 1000; i++) {
            WarmHost warm = put(sameHash(i), 80);
            assertThat(hosts.get(warm.host(), 80)).isSameAs(warm);
        }
        assertThat(found()).isEqualTo(16);
    }

    @Test
    void overwritesWhatNoLongerHoldsBeforeWhatDoes() {
        for (int i = 0; i < 16; i++) {
            put(sameHash(i), 80);
        }
        ended.add(all.get(7));
        put(sameHash(16), 80);
        assertThat(found()).isEqualTo(16);
        assertThat(hosts.get(sameHash(7), 80)).isNull();
    }

    @Test
    void doesNotKeepTheOldBesideTheNewWhereAPlaceBeforeItIsFreeAgain() {
        put(sameHash(0), 80);
        put(sameHash(1), 80);
        ended.add(all.get(0));
        WarmHost again = put(sameHash(1), 80);
        ended.add(again);
        put(sameHash(2), 80);
        // In the place of the first one that ended, which was not used up by the second put.
        assertThat(hosts.get(sameHash(0), 80)).isNull();
        assertThat(hosts.get(sameHash(1), 80)).isSameAs(again);
    }

    @Test
    void leavesBehindWhatNoLongerHoldsWhenItGrows() {
        for (int i = 0; i < 16; i++) {
            put(sameHash(i), 80);
        }
        // What ended in another place than those of the next one goes when the table grows for it.
        for (int i = 0; i < 40; i++) {
            ended.add(put("host-" + i + ".example", 443));
        }
        put(sameHash(16), 80);
        assertThat(hosts.get("host-39.example", 443)).isNull();
        assertThat(found()).isEqualTo(16);
    }
}
