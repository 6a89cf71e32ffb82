package io.nettoolkit.dns.internal.name;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The examples of RFC 6724 section 10.2, and what they leave open. */
class AddressOrderTest {

    private final Map<InetAddress, InetAddress> sources = new HashMap<>();
    private final List<InetAddress> destinations = new ArrayList<>();

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** A destination with the source that is used for it; null for none. */
    private AddressOrderTest to(String destination, String source) {
        destinations.add(address(destination));
        if (source != null) {
            sources.put(address(destination), address(source));
        }
        return this;
    }

    private void isOrdered(String... expected) {
        List<InetAddress> order = new ArrayList<>();
        for (String each : expected) {
            order.add(address(each));
        }
        assertThat(AddressOrder.sorted(destinations, sources::get)).isEqualTo(order);
        Collections.reverse(destinations);
        assertThat(AddressOrder.sorted(destinations, sources::get)).isEqualTo(order);
    }

    @Test
    void prefersMatchingScopeToIpv6() {
        to("2001:db8:1::1", "2001:db8:1::2").to("198.51.100.121", "169.254.13.78");
        isOrdered("2001:db8:1::1", "198.51.100.121");
    }

    @Test
    void prefersMatchingScopeToAnythingElse() {
        to("2001:db8:1::1", "fe80::1").to("198.51.100.121", "198.51.100.117");
        isOrdered("198.51.100.121", "2001:db8:1::1");
    }

    @Test
    void prefersHigherPrecedence() {
        to("2001:db8:1::1", "2001:db8:1::2").to("10.1.2.3", "10.1.2.4");
        isOrdered("2001:db8:1::1", "10.1.2.3");
    }

    @Test
    void prefersSmallerScope() {
        to("2001:db8:1::1", "2001:db8:1::2").to("fe80::1", "fe80::2");
        isOrdered("fe80::1", "2001:db8:1::1");
    }

    @Test
    void prefersMatchingLabel() {
        to("2002:c633:6401::1", "2002:c633:6401::2").to("2001:db8:1::1", "2002:c633:6401::2");
        isOrdered("2002:c633:6401::1", "2001:db8:1::1");
    }

    @Test
    void prefersPrecedenceWhereLabelsMatch() {
        to("2002:c633:6401::1", "2002:c633:6401::2").to("2001:db8:1::1", "2001:db8:1::2");
        isOrdered("2001:db8:1::1", "2002:c633:6401::1");
    }

    @Test
    void prefersTheLongestPrefixOfIpv6() {
        to("2001:db8:1::1", "2001:db8:1::2").to("2001:db8:3ffe::1", "2001:db8:1::2");
        isOrdered("2001:db8:1::1", "2001:db8:3ffe::1");
    }

    @Test
    void putsWhatCannotBeReachedLast() {
        to("2001:db8:1::1", null).to("198.51.100.121", "198.51.100.117");
        isOrdered("198.51.100.121", "2001:db8:1::1");
    }

    @Test
    void avoidsUniqueLocalAndTeredoForIpv4() {
        to("2001:0:5::1", "2001:0:5::2").to("192.0.2.1", "192.0.2.2").to("fd00::1", "fd00::2");
        isOrdered("192.0.2.1", "2001:0:5::1", "fd00::1");
    }

    @Test
    void leavesTheRotationOfIpv4Addresses() {
        to("192.0.2.200", "192.0.2.1").to("192.0.2.2", "192.0.2.1").to("198.51.100.1", "192.0.2.1");
        assertThat(AddressOrder.sorted(destinations, sources::get)).isEqualTo(destinations);
    }

    @Test
    void leavesAddressesOfOneSubnetAsTheyWere() {
        to("2001:db8::9", "2001:db8::1").to("2001:db8::2", "2001:db8::1").to("2001:db8::1:3", "2001:db8::1");
        assertThat(AddressOrder.sorted(destinations, sources::get)).isEqualTo(destinations);
    }

    @Test
    void prefersTheLoopbackOfIpv6() {
        to("127.0.0.1", "127.0.0.1").to("::1", "::1");
        isOrdered("::1", "127.0.0.1");
    }

    @Test
    void isAnOrderWhateverTheAddresses() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            destinations.clear();
            sources.clear();
            for (int i = 0; i < 60; i++) {
                InetAddress destination = drawn(random);
                destinations.add(destination);
                if (random.nextInt(5) > 0) {
                    sources.put(destination, drawn(random));
                }
            }
            List<InetAddress> order = AddressOrder.sorted(destinations, sources::get);
            assertThat(order).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(destinations);
            assertThat(AddressOrder.sorted(order, sources::get))
                    .as("seed %d", seed)
                    .isEqualTo(order);
        }
    }

    private static InetAddress drawn(Random random) {
        byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
        random.nextBytes(bytes);
        if (random.nextBoolean()) {
            byte[][] prefixes = {{(byte) 0xfe, (byte) 0x80}, {(byte) 0xfc, 0}, {0x20, 0x02}, {0x20, 0x01}, {127, 0}};
            byte[] prefix = prefixes[random.nextInt(prefixes.length)];
            System.arraycopy(prefix, 0, bytes, 0, 2);
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
