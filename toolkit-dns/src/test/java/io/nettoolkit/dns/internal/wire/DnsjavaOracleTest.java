package io.nettoolkit.dns.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.nettoolkit.dns.DnsRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Another implementation reads what we write in presentation form, and we read what it writes on the wire. */
class DnsjavaOracleTest {

    private static final int ROUNDS = 3000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void recordsGoOverItsWireFormAndBack(long seed) throws Exception {
        RandomRecords records = new RandomRecords(seed);
        for (int round = 0; round < ROUNDS; round++) {
            DnsRecord record = records.next();
            byte[] wire = message(List.of(theirs(record)));
            assertThat(Wire.read(wire)).as("seed %d, round %d", seed, round).containsExactly(record);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5})
    void wholeMessagesAreReadAlike(long seed) throws Exception {
        RandomRecords records = new RandomRecords(seed);
        for (int round = 0; round < ROUNDS / 10; round++) {
            List<DnsRecord> expected = new ArrayList<>();
            List<Record> theirs = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                DnsRecord record = records.next();
                expected.add(record);
                theirs.add(theirs(record));
            }
            assertThat(Wire.read(message(theirs)))
                    .as("seed %d, round %d", seed, round)
                    .containsExactlyElementsOf(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 7, 8})
    void whatWeAcceptOfBrokenMessagesItUnderstandsAlike(long seed) throws Exception {
        RandomRecords records = new RandomRecords(seed);
        Random random = new Random(seed);
        int accepted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] wire = message(List.of(theirs(records.next()), theirs(records.next())));
            for (int i = random.nextInt(3); i >= 0; i--) {
                // Not in the header, whose counts they take less strictly.
                wire[12 + random.nextInt(wire.length - 12)] = (byte) random.nextInt(256);
            }
            List<DnsRecord> ours;
            try {
                ours = Wire.read(wire);
            } catch (WireException refused) {
                continue;
            }
            accepted++;
            compare(ours, wire, "seed " + seed + ", round " + round);
        }
        assertThat(accepted).isGreaterThan(ROUNDS / 10);
    }

    private static void compare(List<DnsRecord> ours, byte[] wire, String where) {
        List<String> theirs = new ArrayList<>();
        try {
            for (Record record : new Message(wire).getSection(Section.ANSWER)) {
                int type = record.getType();
                if (record.getDClass() == DClass.IN && type > 0 && type != Type.OPT && (type < 128 || type > 255)) {
                    theirs.add(record.getName() + " " + type);
                }
            }
        } catch (IOException | RuntimeException refused) {
            if (ours.size() < 2 || ours.stream().anyMatch(DnsRecord.Opaque.class::isInstance)) {
                return; // of another class, or a type that is bytes to us: we do not look at their data
            }
            fail(where + ": we accept what they refuse: " + ours, refused);
        }
        assertThat(ours.stream()
                        .map(record -> record.name() + " " + record.type().code())
                        .toList())
                .as(where)
                .containsExactlyElementsOf(theirs);
    }

    private static Record theirs(DnsRecord record) throws IOException {
        return Record.fromString(
                Name.fromString(record.name()),
                record.type().code(),
                DClass.IN,
                record.ttl(),
                record.rdata(),
                Name.root);
    }

    private static byte[] message(List<Record> records) {
        Message message = new Message(7);
        message.getHeader().setFlag(Flags.QR);
        records.forEach(record -> message.addRecord(record, Section.ANSWER));
        return message.toWire();
    }
}
