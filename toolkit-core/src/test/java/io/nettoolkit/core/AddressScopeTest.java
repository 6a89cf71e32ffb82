package io.nettoolkit.core;

import static io.nettoolkit.core.AddressScope.CARRIER_GRADE_NAT;
import static io.nettoolkit.core.AddressScope.DOCUMENTATION;
import static io.nettoolkit.core.AddressScope.GLOBAL;
import static io.nettoolkit.core.AddressScope.LINK_LOCAL;
import static io.nettoolkit.core.AddressScope.LOOPBACK;
import static io.nettoolkit.core.AddressScope.MULTICAST;
import static io.nettoolkit.core.AddressScope.PRIVATE;
import static io.nettoolkit.core.AddressScope.RESERVED;
import static io.nettoolkit.core.AddressScope.UNIQUE_LOCAL;
import static io.nettoolkit.core.AddressScope.UNSPECIFIED;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.NetUtil;
import java.math.BigInteger;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class AddressScopeTest {

    /** Block; its scope; the scope of the address right before it and right after it, null where there is none. */
    static Stream<Arguments> ipv4Blocks() {
        return Stream.of(
                block("0.0.0.0/32", UNSPECIFIED, null, RESERVED),
                block("0.0.0.1/32", RESERVED, UNSPECIFIED, RESERVED),
                block("10.0.0.0/8", PRIVATE, GLOBAL, GLOBAL),
                block("100.64.0.0/10", CARRIER_GRADE_NAT, GLOBAL, GLOBAL),
                block("127.0.0.0/8", LOOPBACK, GLOBAL, GLOBAL),
                block("169.254.0.0/16", LINK_LOCAL, GLOBAL, GLOBAL),
                block("172.16.0.0/12", PRIVATE, GLOBAL, GLOBAL),
                block("192.0.0.0/29", RESERVED, GLOBAL, RESERVED),
                block("192.0.0.8/32", RESERVED, RESERVED, GLOBAL),
                block("192.0.0.9/32", GLOBAL, RESERVED, GLOBAL),
                block("192.0.0.10/32", GLOBAL, GLOBAL, RESERVED),
                block("192.0.0.170/31", RESERVED, RESERVED, RESERVED),
                block("192.0.0.255/32", RESERVED, RESERVED, GLOBAL),
                block("192.0.2.0/24", DOCUMENTATION, GLOBAL, GLOBAL),
                block("192.31.196.0/24", GLOBAL, GLOBAL, GLOBAL),
                block("192.52.193.0/24", GLOBAL, GLOBAL, GLOBAL),
                block("192.88.99.0/24", RESERVED, GLOBAL, GLOBAL),
                block("192.168.0.0/16", PRIVATE, GLOBAL, GLOBAL),
                block("192.175.48.0/24", GLOBAL, GLOBAL, GLOBAL),
                block("198.18.0.0/15", RESERVED, GLOBAL, GLOBAL),
                block("198.51.100.0/24", DOCUMENTATION, GLOBAL, GLOBAL),
                block("203.0.113.0/24", DOCUMENTATION, GLOBAL, GLOBAL),
                block("224.0.0.0/4", MULTICAST, GLOBAL, RESERVED),
                block("240.0.0.0/4", RESERVED, MULTICAST, null),
                block("255.255.255.255/32", RESERVED, RESERVED, null));
    }

    static Stream<Arguments> ipv6Blocks() {
        return Stream.of(
                block("::/128", UNSPECIFIED, null, LOOPBACK),
                block("::1/128", LOOPBACK, UNSPECIFIED, RESERVED),
                block("64:ff9b:1::/48", RESERVED, RESERVED, RESERVED),
                block("100::/64", RESERVED, RESERVED, RESERVED),
                block("100:0:0:1::/64", RESERVED, RESERVED, RESERVED),
                block("2001:0:8000::/112", RESERVED, UNSPECIFIED, RESERVED), // Teredo of 255.255.*.*
                block("2001:1::1/128", GLOBAL, RESERVED, GLOBAL),
                block("2001:1::2/128", GLOBAL, GLOBAL, GLOBAL),
                block("2001:1::3/128", GLOBAL, GLOBAL, RESERVED),
                block("2001:2::/48", RESERVED, RESERVED, RESERVED),
                block("2001:3::/32", GLOBAL, RESERVED, RESERVED),
                block("2001:4:112::/48", GLOBAL, RESERVED, RESERVED),
                block("2001:10::/28", RESERVED, RESERVED, GLOBAL),
                block("2001:20::/28", GLOBAL, RESERVED, GLOBAL),
                block("2001:30::/28", GLOBAL, GLOBAL, RESERVED),
                block("2001:40::/26", RESERVED, GLOBAL, RESERVED),
                block("2001:100::/24", RESERVED, RESERVED, GLOBAL),
                block("2001:db8::/32", DOCUMENTATION, GLOBAL, GLOBAL),
                block("2620:4f:8000::/48", GLOBAL, GLOBAL, GLOBAL),
                block("3fff::/20", DOCUMENTATION, GLOBAL, GLOBAL),
                block("3fff:1000::/20", GLOBAL, DOCUMENTATION, GLOBAL),
                block("4000::/3", RESERVED, GLOBAL, RESERVED),
                block("5f00::/16", RESERVED, RESERVED, RESERVED),
                block("fc00::/7", UNIQUE_LOCAL, RESERVED, RESERVED),
                block("fe80::/10", LINK_LOCAL, RESERVED, RESERVED),
                block("fec0::/10", RESERVED, LINK_LOCAL, MULTICAST),
                block("ff00::/8", MULTICAST, RESERVED, null),
                block("2003::/18", GLOBAL, RESERVED, GLOBAL), // before it: 6to4 of 255.255.255.255
                block("2000::/16", GLOBAL, RESERVED, RESERVED)); // after it: Teredo of 255.255.255.255
    }

    @ParameterizedTest
    @MethodSource({"ipv4Blocks", "ipv6Blocks"})
    void knowsFirstLastAndNeighboursOfEveryBlock(
            String block, AddressScope inside, AddressScope before, AddressScope after) {
        int slash = block.indexOf('/');
        byte[] base = NetUtil.createByteArrayFromIpAddressString(block.substring(0, slash));
        int hostBits = base.length * 8 - Integer.parseInt(block.substring(slash + 1));
        BigInteger first = new BigInteger(1, base);
        BigInteger last = first.add(BigInteger.ONE.shiftLeft(hostBits)).subtract(BigInteger.ONE);

        assertThat(scope(first, base.length)).as("first of %s", block).isEqualTo(inside);
        assertThat(scope(last, base.length)).as("last of %s", block).isEqualTo(inside);
        assertThat(scope(first.subtract(BigInteger.ONE), base.length))
                .as("before %s", block)
                .isEqualTo(before);
        assertThat(scope(last.add(BigInteger.ONE), base.length))
                .as("after %s", block)
                .isEqualTo(after);
    }

    @ParameterizedTest
    @MethodSource("ipv4Blocks")
    void takesTheScopeOfAnEmbeddedIpv4Address(
            String block, AddressScope inside, AddressScope before, AddressScope after) throws UnknownHostException {
        byte[] v4 = NetUtil.createByteArrayFromIpAddressString(block.substring(0, block.indexOf('/')));

        assertThat(embedded("::ffff:0:0", 12, v4)).as("mapped").isEqualTo(inside);
        assertThat(embedded("64:ff9b::", 12, v4)).as("NAT64").isEqualTo(inside);
        assertThat(embedded("2002::1", 2, v4)).as("6to4").isEqualTo(inside);
        byte[] obfuscated = v4.clone();
        for (int i = 0; i < 4; i++) {
            obfuscated[i] = (byte) ~v4[i];
        }
        assertThat(embedded("2001:0:808:808::", 12, obfuscated)).as("Teredo").isEqualTo(inside);
        boolean ownMeaning = new BigInteger(1, v4).bitLength() <= 1;
        assertThat(embedded("::", 12, v4)).as("compatible").isEqualTo(ownMeaning ? scopeOfOwn(v4) : inside);
    }

    @ParameterizedTest
    @CsvSource({
        "8.8.8.8, GLOBAL",
        "1.1.1.1, GLOBAL",
        "2606:4700:4700::1111, GLOBAL",
        "::ffff:169.254.169.254, LINK_LOCAL",
        "64:ff9b::7f00:1, LOOPBACK",
        "64:ff9b:1::808:808, RESERVED",
        "2002:7f00:1::, LOOPBACK",
        "2002:808:808::1, GLOBAL",
        "::127.0.0.1, LOOPBACK",
        "fd00:ec2::254, UNIQUE_LOCAL",
        "::ffff:0:7f00:1, RESERVED",
        "fe80::1, LINK_LOCAL",
        "ff02::1, MULTICAST",
        "1::, RESERVED",
        "e000::1, RESERVED",
    })
    void placesWellKnownAddresses(String address, AddressScope scope) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);

        assertThat(scope(new BigInteger(1, bytes), bytes.length)).isEqualTo(scope);
    }

    @Test
    void ignoresTheZone() throws UnknownHostException {
        assertThat(AddressScope.of(InetAddress.getByName("fe80::1%1"))).isEqualTo(LINK_LOCAL);
    }

    /** The JDK's own, coarser idea of what is local: none of it may come out GLOBAL. */
    @Test
    void neverCallsGlobalWhatTheJdkKnowsToBeLocal() throws UnknownHostException {
        long seed = 20261121;
        Random random = new Random(seed);
        for (int i = 0; i < 100_000; i++) {
            byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(bytes);
            if (random.nextBoolean()) {
                bytes[0] = (byte) (bytes.length == 4 ? new int[] {10, 127, 169, 172, 192}[random.nextInt(5)] : 0xfe);
            }
            InetAddress address = InetAddress.getByAddress(bytes);
            boolean local = address.isAnyLocalAddress()
                    || address.isLoopbackAddress()
                    || address.isLinkLocalAddress()
                    || address.isSiteLocalAddress()
                    || address.isMulticastAddress();
            if (local) {
                assertThat(AddressScope.of(address))
                        .as("%s in round %d of seed %d", Arrays.toString(bytes), i, seed)
                        .isNotEqualTo(GLOBAL);
            }
        }
    }

    private static Arguments block(String block, AddressScope inside, AddressScope before, AddressScope after) {
        return Arguments.of(block, inside, before, after);
    }

    /** :: and ::1 are addresses of their own, not embedded ones. */
    private static AddressScope scopeOfOwn(byte[] v4) {
        return v4[3] == 0 ? UNSPECIFIED : LOOPBACK;
    }

    private static AddressScope embedded(String prefix, int at, byte[] v4) throws UnknownHostException {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(prefix);
        System.arraycopy(v4, 0, bytes, at, 4);
        // The factory of Inet6Address keeps a mapped address what it is; InetAddress would make it an Inet4Address.
        return AddressScope.of(Inet6Address.getByAddress(null, bytes, 0));
    }

    private static AddressScope scope(BigInteger number, int length) {
        if (number.signum() < 0 || number.bitLength() > length * 8) {
            return null;
        }
        byte[] magnitude = number.toByteArray();
        byte[] bytes = new byte[length];
        int count = Math.min(length, magnitude.length);
        System.arraycopy(magnitude, magnitude.length - count, bytes, length - count, count);
        try {
            return AddressScope.of(
                    length == 4 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, 0));
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
