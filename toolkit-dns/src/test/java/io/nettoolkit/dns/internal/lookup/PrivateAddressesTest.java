package io.nettoolkit.dns.internal.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.SvcParam;
import io.nettoolkit.dns.internal.cache.Responses;
import io.nettoolkit.dns.internal.query.Response;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrivateAddressesTest {

    private final PrivateAddresses filter =
            PrivateAddresses.takenWithin(List.of(Responses.name("corp.example"), Responses.name("home.arpa")));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "0.0.0.0",
                "10.1.2.3",
                "172.16.0.1",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "::1",
                "::",
                "fe80::1",
                "fd00::1",
                "64:ff9b::a00:1"
            })
    void badInput49RefusesAddressesThatAreNotPublic(String address) {
        DnsException refusal = filter.refusal(Responses.addresses("evil.test", 300, address));

        assertThat(refusal).isNotNull();
        assertThat(refusal.kind()).isEqualTo(Kind.DNS_BOGUS);
        assertThat(refusal).hasMessageContaining("evil.test");
        assertThat(PrivateAddresses.TAKEN.refusal(Responses.addresses("evil.test", 300, address)))
                .isNull();
    }

    @Test
    void badInput49LooksIntoAnAddressThatHoldsAnother() throws Exception {
        byte[] mapped = new byte[16];
        mapped[10] = -1;
        mapped[11] = -1;
        mapped[12] = 10;
        mapped[15] = 1;
        DnsRecord record = new DnsRecord.Aaaa("evil.test.", 300, Inet6Address.getByAddress(null, mapped, -1));

        assertThat(filter.refusal(response("evil.test", DnsType.AAAA, record))).isNotNull();
    }

    @Test
    void badInput49RefusesAWholeAnswerForOneAddress() {
        assertThat(filter.refusal(Responses.addresses("evil.test", 300, "8.8.8.8", "10.0.0.1")))
                .isNotNull();
        assertThat(filter.refusal(Responses.addresses("good.test", 300, "8.8.8.8", "1.1.1.1")))
                .isNull();
    }

    @Test
    void badInput49LooksIntoHintsOfServices() {
        DnsRecord hinted = new DnsRecord.Svcb(
                "evil.test.", 300, DnsType.HTTPS, 1, "evil.test.", List.of(new SvcParam(SvcParam.IPV4HINT, new byte[] {
                    8, 8, 8, 8, 10, 0, 0, 1
                })));

        assertThat(filter.refusal(response("evil.test", DnsType.HTTPS, hinted))).isNotNull();
        assertThat(filter.refusal(response("x.corp.example", DnsType.HTTPS, hinted)))
                .isNull();
    }

    @Test
    void takesThemForNamesWithinTheDomainsThatMayHaveThem() {
        assertThat(filter.refusal(Responses.addresses("corp.example", 300, "10.0.0.1")))
                .isNull();
        assertThat(filter.refusal(Responses.addresses("nas.home.arpa", 300, "10.0.0.1")))
                .isNull();
        assertThat(filter.refusal(Responses.addresses("notcorp.example", 300, "10.0.0.1")))
                .isNotNull();
    }

    /** A stranger's name may not borrow the right of one it is an alias of. */
    @Test
    void badInput49GoesByTheNameThatWasAskedFor() {
        DnsRecord.A inside = new DnsRecord.A("nas.corp.example.", 300, (Inet4Address) Responses.address("10.0.0.1"));
        Response aliased = Responses.records(
                "evil.test",
                DnsType.A,
                List.of(inside),
                List.of(new DnsRecord.Cname("evil.test.", 300, "nas.corp.example.")));

        assertThat(filter.refusal(aliased)).isNotNull();
    }

    private static Response response(String name, DnsType<?> type, DnsRecord record) {
        return Responses.records(name, type, List.of(record), List.of());
    }
}
