package io.nettoolkit.dns.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.SvcParam;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sizes as the JDK lays objects out: what a record of each type adds to an answer, object by object. */
class AnswerBytesTest {

    private static final String KEY = "a.example";
    private static final String OWNER = "a.example.";

    /** Two places in a table and an entry; an answer with its list and its end. */
    private static final int EMPTY = 12 + 56 + 48 + 24 + 24 + string(KEY.length());

    /** A record and the reference to it. */
    private static final int RECORD = 24 + 4;

    private static int string(int length) {
        return 24 + 16 + 4 + length;
    }

    private static int bytes(List<DnsRecord.Cname> aliases, DnsRecord... records) {
        return AnswerBytes.of(
                KEY,
                new DnsAnswer<>(
                        DnsAnswer.Kind.ANSWER,
                        List.of(records),
                        aliases,
                        DnsAnswer.Source.CACHE,
                        Responses.SERVER,
                        Duration.ZERO,
                        false,
                        Deadline.after(Duration.ofMinutes(5))));
    }

    static Stream<Arguments> records() {
        Inet4Address ipv4 = (Inet4Address) Responses.address("192.0.2.1");
        Inet6Address ipv6 = (Inet6Address) Responses.address("2001:db8::1");
        return Stream.of(
                Arguments.of(new DnsRecord.A(OWNER, 300, ipv4), 24 + 32),
                Arguments.of(new DnsRecord.Aaaa(OWNER, 300, ipv6), 24 + 32 + 32 + 32),
                Arguments.of(new DnsRecord.Cname(OWNER, 300, "b.example."), string(10)),
                Arguments.of(new DnsRecord.Mx(OWNER, 300, 10, "mx.example."), 8 + string(11)),
                Arguments.of(new DnsRecord.Ns(OWNER, 300, "ns.example."), string(11)),
                Arguments.of(new DnsRecord.Ptr(OWNER, 300, "b.example."), string(10)),
                Arguments.of(new DnsRecord.Srv(OWNER, 300, 1, 2, 3, "b.example."), 16 + string(10)),
                Arguments.of(
                        new DnsRecord.Soa(OWNER, 300, "ns.example.", "root.example.", 1, 2, 3, 4, 5),
                        48 + string(11) + string(13)),
                Arguments.of(new DnsRecord.Txt(OWNER, 300, List.of("abc", "de")), 24 + string(3) + string(2)),
                Arguments.of(new DnsRecord.Caa(OWNER, 300, 0, "issue", "ca.example"), 16 + string(5) + string(10)),
                Arguments.of(
                        new DnsRecord.Svcb(
                                OWNER,
                                300,
                                DnsType.HTTPS,
                                1,
                                "b.example.",
                                List.of(new SvcParam(SvcParam.PORT, new byte[2]), new SvcParam(1000, new byte[9]))),
                        40 + string(10) + 48 + 2 + 48 + 9),
                Arguments.of(new DnsRecord.Opaque(OWNER, 300, DnsType.opaque(65280), new byte[7]), 40 + 7));
    }

    @ParameterizedTest
    @MethodSource("records")
    void addsUpTheObjectsOfARecord(DnsRecord record, int data) {
        assertThat(bytes(List.of(), record)).isEqualTo(EMPTY + RECORD + data + string(OWNER.length()));
    }

    @Test
    void countsAnOwnerOnceForAllRecordsThatShareIt() {
        String other = new String(OWNER);
        DnsRecord.Ns first = new DnsRecord.Ns(OWNER, 300, "x.example.");
        DnsRecord.Ns same = new DnsRecord.Ns(OWNER, 300, "y.example.");
        DnsRecord.Ns copied = new DnsRecord.Ns(other, 300, "z.example.");
        int record = RECORD + string(10);
        assertThat(bytes(List.of(), first, same)).isEqualTo(EMPTY + 2 * record + string(10));
        assertThat(bytes(List.of(), first, copied)).isEqualTo(EMPTY + 2 * record + 2 * string(10));
    }

    @Test
    void countsAliasesToo() {
        DnsRecord.Cname alias = new DnsRecord.Cname(OWNER, 300, "b.example.");
        DnsRecord.Ns record = new DnsRecord.Ns("b.example.", 300, "x.example.");
        assertThat(bytes(List.of(alias), record)).isEqualTo(EMPTY + 2 * (RECORD + string(10) + string(10)));
    }

    @Test
    void countsSpellingsAndWhatWasMadeOfAnswers() {
        assertThat(AnswerBytes.ofSpelling("A.example")).isEqualTo(12 + 24 + string(9));
        assertThat(AnswerBytes.ofDerived(KEY, 3)).isEqualTo(EMPTY + 3 * (24 + 32 + 32 + 32));
        assertThat(AnswerBytes.ofDerived(KEY, Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
    }
}
