package io.nettoolkit.dns.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;

/** Any bytes are read or refused, and what is read keeps the rules. Fuzz with {@code JAZZER_FUZZ=1 mvn test -Dtest=…}. */
class MessageFuzzTest {

    @FuzzTest(maxDuration = "10m")
    void readsOrRefusesAnyMessage(byte[] message) throws DnsException {
        try {
            for (DnsRecord record : Wire.read(message)) {
                checkName(record.name());
                assertThat(record.ttl()).isNotNegative();
                assertThat(record.toString()).matches("[ -~]+");
            }
        } catch (WireException refused) {
            assertThat(refused.getMessage()).isNotEmpty();
        }
    }

    @FuzzTest(maxDuration = "10m")
    void readsOrRefusesAnyData(FuzzedDataProvider data) throws DnsException {
        int[] types = {1, 2, 5, 6, 12, 15, 16, 28, 33, 64, 65, 257, 65280};
        int type = types[data.consumeInt(0, types.length - 1)];
        byte[] rdata = data.consumeRemainingAsBytes();
        if (rdata.length > 60_000) {
            return;
        }
        try {
            DnsRecord record = Wire.readOne(type, rdata);
            assertThat(record.type()).isEqualTo(DnsType.of(type));
            assertThat(record.rdata()).matches("[ -~]+");
        } catch (WireException refused) {
            assertThat(refused.getMessage()).isNotEmpty();
        }
    }

    private static void checkName(String name) throws DnsException {
        DnsName parsed = DnsName.of(name);
        assertThat(parsed.length()).isLessThanOrEqualTo(DnsName.MAX_BYTES);
        assertThat(DnsName.of(parsed.toString())).isEqualTo(parsed);
    }
}
