package io.nettoolkit.dns.internal.name;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GivenNameTest {

    private static String key(String name) throws DnsException {
        return GivenName.parse(name).key();
    }

    private static void assertBad(String name) {
        assertThatExceptionOfType(DnsException.class)
                .as("name \"%s\"", name)
                .isThrownBy(() -> GivenName.parse(name))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.DNS_BAD_NAME));
    }

    @Test
    void hasOneKeyForAllSpellings() throws DnsException {
        for (String name : List.of("www.example.com", "WWW.Example.COM", "www.example.com.", "w\\119w.example.com")) {
            assertThat(key(name)).isEqualTo("www.example.com");
        }
    }

    @Test
    void badInput58RefusesEmptyNamesAndLabels() {
        for (String name : List.of("", "..", ".a", "a..b", "a..", ".a.")) {
            assertBad(name);
        }
    }

    @Test
    void badInput58KnowsTheRoot() throws DnsException {
        assertThat(key(".")).isEqualTo(".");
    }

    @Test
    void badInput58TakesLabelsOf63OctetsAndNoLonger() throws DnsException {
        assertThat(key("a".repeat(63) + ".example")).hasSize(71);
        assertBad("a".repeat(64) + ".example");
        // Letters of other scripts count in the form they are sent in.
        assertBad("\u00fc".repeat(60) + ".example");
    }

    @Test
    void badInput58TakesNamesOf255OctetsAndNoLonger() throws DnsException {
        String three = ("a".repeat(63) + ".").repeat(3);
        // Lengths and the root are octets too: 3 x 64 + 62 + 1.
        assertThat(key(three + "b".repeat(60))).hasSize(252);
        assertThat(key(three + "b".repeat(61))).hasSize(253);
        assertThat(key(three + "b".repeat(61) + ".")).hasSize(253);
        assertBad(three + "b".repeat(62));
        assertBad(three + "b".repeat(62) + ".");
        assertBad(three + "b".repeat(63));
        assertBad("a.".repeat(100_000));
    }

    @Test
    void badInput58TakesUnderscoresAndEscapes() throws DnsException {
        assertThat(key("_sip._tcp.example.com")).isEqualTo("_sip._tcp.example.com");
        assertThat(key("first\\.last.example")).isEqualTo("first\\.last.example");
        assertBad("a\\");
        assertBad("a\\25");
        assertBad("a\\256");
    }

    @Test
    void badInput58WritesOtherScriptsInAscii() throws DnsException {
        assertThat(key("b\u00fccher.example")).isEqualTo("xn--bcher-kva.example");
        assertThat(key("B\u00dcCHER.EXAMPLE")).isEqualTo("xn--bcher-kva.example");
        assertThat(key("\u4f8b\u3048\u3002\u30c6\u30b9\u30c8")).isEqualTo("xn--r8jz45g.xn--zckzah");
        // Emoji, which the tables of IDNA 2003 do not know.
        assertThat(key("\ud83d\ude00.example")).isEqualTo("xn--e28h.example");
    }

    @Test
    void badInput58AsksForAnXnLabelAsItIs() throws DnsException {
        for (String name : List.of("xn--.example", "xn--a.example", "xn--99999999.example", "xn--\\255.example")) {
            assertThat(key(name)).isEqualTo(name);
        }
    }

    @Test
    void badInput58NeverThrowsAnythingElse() {
        for (long seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            StringBuilder name = new StringBuilder();
            for (int i = random.nextInt(12); i >= 0; i--) {
                switch (random.nextInt(4)) {
                    case 0 -> name.append((char) random.nextInt(0x10000));
                    case 1 -> name.appendCodePoint(random.nextInt(Character.MAX_CODE_POINT + 1));
                    case 2 -> name.append("xn--");
                    default -> name.append(".\\a1".charAt(random.nextInt(4)));
                }
            }
            try {
                GivenName.parse(name.toString());
            } catch (DnsException e) {
                assertThat(e.kind()).as("seed %d", seed).isEqualTo(Kind.DNS_BAD_NAME);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @Test
    void seesWhichNamesAreAbsolute() {
        assertThat(GivenName.isAbsolute("a.b.")).isTrue();
        assertThat(GivenName.isAbsolute("a.b\u3002")).isTrue();
        assertThat(GivenName.isAbsolute("a.b")).isFalse();
        assertThat(GivenName.isAbsolute("a.b\\.")).isFalse();
        assertThat(GivenName.isAbsolute("a.b\\\\.")).isTrue();
        assertThat(GivenName.isAbsolute("")).isFalse();
    }
}
