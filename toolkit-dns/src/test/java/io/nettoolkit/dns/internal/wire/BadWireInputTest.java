package io.nettoolkit.dns.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.MessageReader.Question;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What hostile messages look like; the numbers are those of the list in the project's records of attacks on DNS. */
class BadWireInputTest {

    private static final int A = 1;
    private static final int TXT = 16;
    private static final int MX = 15;
    private static final int SRV = 33;
    private static final int SVCB = 64;
    private static final int OTHER = 65280;

    private static void refuses(byte[] message, String reason) {
        assertThatThrownBy(() -> Wire.read(message))
                .isInstanceOf(WireException.class)
                .hasMessageContaining(reason);
    }

    private static byte[] ownedBy(Wire name) {
        return Wire.header(0x8580, 0, 1)
                .bytes(name.done())
                .fixed(A, 300, new byte[4])
                .done();
    }

    @Test
    void n01PointerToItself() {
        refuses(ownedBy(new Wire().pointer(12)), "does not lead back");
    }

    @Test
    void n02TwoPointersInACircle() {
        refuses(ownedBy(new Wire().pointer(14).pointer(12)), "does not lead back");
        refuses(ownedBy(new Wire().label("a").pointer(16).label("b").pointer(12)), "does not lead back");
    }

    @Test
    void n03LongChainOfPointersBackwards() {
        Wire message = Wire.header(0x8580, 0, 2);
        message.name("x.").fixed(OTHER, 0, chain(message.size() + 10, 200));
        message.pointer(message.size() - 2).fixed(A, 0, new byte[4]);
        refuses(message.done(), "pointers");
    }

    /** A root label, and pointers each to the one before. */
    private static byte[] chain(int at, int pointers) {
        Wire chain = new Wire().u8(1).u8(0);
        for (int i = 0; i < pointers; i++) {
            chain.pointer(i == 0 ? at + 1 : at + 2 * i);
        }
        return chain.done();
    }

    @Test
    void n03ChainOfPointersThatIsNotTooLong() throws WireException {
        Wire message = Wire.header(0x8580, 0, 2);
        message.name("x.").fixed(OTHER, 0, chain(message.size() + 10, 20));
        message.pointer(message.size() - 2).fixed(A, 0, new byte[4]);
        assertThat(Wire.read(message.done()).get(1).name()).isEqualTo(".");
    }

    @Test
    void n04PointerForward() {
        refuses(ownedBy(new Wire().pointer(20)), "does not lead back");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 11})
    void n05PointerIntoTheHeader(int offset) {
        refuses(ownedBy(new Wire().pointer(offset)), "header");
    }

    @Test
    void n06PointerPastTheEnd() {
        refuses(ownedBy(new Wire().pointer(0x3fff)), "does not lead back");
    }

    @Test
    void n07HalfAPointerAtTheEnd() {
        refuses(Wire.header(0x8580, 0, 1).u8(0xc0).done(), "past the end");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x40, 0x41, 0x7f, 0x80, 0xbf})
    void n08LabelTypesThatDoNotExist(int length) {
        refuses(ownedBy(new Wire().u8(length).repeat(length, 'a').u8(0)), "unknown kind");
    }

    @Test
    void n09LabelOf64() {
        refuses(ownedBy(new Wire().u8(64).repeat(64, 'a').u8(0)), "unknown kind");
    }

    @Test
    void n10NameLongerThan255() throws WireException {
        Wire longest = new Wire();
        for (int i = 0; i < 127; i++) {
            longest.label("a");
        }
        assertThat(Wire.read(ownedBy(new Wire().bytes(longest.done()).u8(0)))
                        .get(0)
                        .name())
                .hasSize(254);
        refuses(ownedBy(new Wire().bytes(longest.done()).label("a").u8(0)), "longer than 255");
        // Also where only pointers make it that long.
        Wire message = Wire.header(0x8580, 0, 2);
        int first = message.size();
        message.bytes(longest.done()).u8(0).fixed(A, 0, new byte[4]);
        message.label("bb").pointer(first).fixed(A, 0, new byte[4]);
        refuses(message.done(), "longer than 255");
    }

    @Test
    void n11NameWithoutItsEnd() {
        refuses(Wire.header(0x8580, 0, 1).label("a").label("b").done(), "past its end");
    }

    @Test
    void n12NameThatEndsInALabel() {
        refuses(Wire.header(0x8580, 0, 1).u8(9).repeat(3, 'a').done(), "past the end");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, '.', '\\', ' ', '"', '@', 0x7f, 0x80, 0xc3, 0xff})
    void n13AnyOctetInALabelIsWrittenSoThatItCanBeReadAgain(int octet) throws Exception {
        byte[] message =
                ownedBy(new Wire().u8(3).bytes('a', octet, 'b').label("example").u8(0));
        String name = Wire.read(message).get(0).name();
        assertThat(name).matches("[!-~]+");
        DnsName again = DnsName.of(name);
        assertThat(again.labels()).isEqualTo(2);
        assertThat(again.octet(2)).isEqualTo((byte) octet);
        assertThat(again).hasToString(name);
    }

    @Test
    void n14MessagesShorterThanAHeader() {
        MessageReader reader = new MessageReader();
        for (int length = 0; length < 12; length++) {
            assertThat(reader.reset(new byte[length], length)).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 65535})
    void n15OtherNumbersOfQuestionsThanOne(int questions) throws Exception {
        byte[] message =
                Wire.header(0x8580, questions).name("a.example.").u16(A).u16(1).done();
        MessageReader reader = new MessageReader();
        reader.reset(message, message.length);
        DnsName name = DnsName.of("a.example");
        byte[] sent = new byte[name.length()];
        name.copyTo(sent, 0);
        assertThat(reader.question(name, sent, A)).isEqualTo(questions == 0 ? Question.ABSENT : Question.DIFFERENT);
        if (questions > 1) {
            refuses(message, "past");
        }
    }

    @Test
    void n16RecordsThatAreNotThere() {
        refuses(Wire.header(0x8580, 0, 65535).done(), "past its end");
        refuses(Wire.header(0x8580, 0, 65535, 65535, 65535).done(), "past its end");
    }

    @Test
    void n17LengthOfDataThatIsWrong() {
        refuses(Wire.answer(A, 1).pointer(12).u16(A).u16(1).u32(1).u16(5).u32(1).done(), "past the end");
        refuses(Wire.answer(A, 1).record(A, new byte[0]).done(), "0 bytes instead of 4");
        refuses(Wire.answer(MX, 1).record(MX, new byte[2]).done(), "too short");
        refuses(Wire.answer(SRV, 1).record(SRV, new byte[6]).done(), "too short");
        refuses(Wire.answer(6, 1).record(6, new byte[21]).done(), "20 bytes");
        refuses(Wire.answer(257, 1).record(257, new byte[1]).done(), "too short");
        refuses(Wire.answer(SVCB, 1).record(SVCB, new byte[2]).done(), "too short");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5, 15, 17})
    void n18AddressesOfOtherLengths(int length) {
        refuses(Wire.answer(A, 1).record(A, new byte[length]).done(), "instead of 4");
        refuses(Wire.answer(28, 1).record(28, new byte[length]).done(), "instead of 16");
    }

    @Test
    void n19NamesThatRunPastTheirData() {
        byte[] mx = new Wire().u16(10).label("mail").done();
        refuses(Wire.answer(MX, 1).record(MX, mx).name("example.").done(), "past");
        byte[] srv = new Wire().u16(1).u16(1).u16(1).u8(9).bytes('a').done();
        refuses(Wire.answer(SRV, 1).record(SRV, srv).repeat(20, 'a').done(), "past");
        byte[] tooMuch = new Wire().u16(10).name("mail.").u8(0).done();
        refuses(Wire.answer(MX, 1).record(MX, tooMuch).done(), "after the name");
    }

    @Test
    void n20CompressedNamesWhereTheyAreForbidden() throws WireException {
        byte[] svcb = new Wire().u16(1).pointer(12).done();
        refuses(Wire.answer(SVCB, 1).record(SVCB, svcb).done(), "compressed");
        // Forbidden to senders of SRV as well, but receivers should cope (RFC 3597 §4).
        byte[] srv = new Wire().u16(1).u16(2).u16(3).pointer(12).done();
        assertThat(Wire.readOne(SRV, srv)).isEqualTo(new DnsRecord.Srv("a.example.", 300, 1, 2, 3, "a.example."));
    }

    @Test
    void n21StringsOfText() throws WireException {
        refuses(Wire.answer(TXT, 1).record(TXT, new byte[] {5, 'a'}).done(), "past the end of the data");
        refuses(Wire.answer(TXT, 1).record(TXT, new byte[0]).done(), "too short");
        assertThat(Wire.readOne(TXT, new byte[1])).isEqualTo(new DnsRecord.Txt("a.example.", 300, List.of("")));
        Wire large = new Wire();
        for (int i = 0; i < 255; i++) {
            large.u8(255).repeat(255, 'x');
        }
        assertThat(((DnsRecord.Txt) Wire.readOne(TXT, large.done())).text()).hasSize(255 * 255);
    }

    @Test
    void n22ParametersOfSvcb() throws WireException {
        refusesSvcb(
                "do not rise", new Wire().u16(3).u16(2).u16(443).u16(1).u16(3).bytes(2, 'h', '2'));
        refusesSvcb(
                "do not rise", new Wire().u16(3).u16(2).u16(443).u16(3).u16(2).u16(443));
        refusesSvcb("calls mandatory", new Wire().u16(0).u16(2).u16(3));
        refusesSvcb("rising", new Wire().u16(0).u16(4).u16(3).u16(3));
        refusesSvcb("strings", new Wire().u16(1).u16(3).bytes(9, 'h', '2'));
        refusesSvcb("4 bytes each", new Wire().u16(4).u16(5).bytes(1, 2, 3, 4, 5));
        refusesSvcb("16 bytes each", new Wire().u16(6).u16(4).bytes(1, 2, 3, 4));
        refusesSvcb("2 bytes", new Wire().u16(3).u16(1).bytes(1));
        refusesSvcb("too short", new Wire().u16(3).u16(9).bytes(1));
        refusesSvcb("65534", new Wire().u16(65535).u16(0));
        // An alias to itself is for whoever follows it; parameters of an alias do not count.
        byte[] alias =
                new Wire().u16(0).name("a.example.").u16(3).u16(2).u16(443).done();
        assertThat(Wire.readOne(SVCB, alias))
                .isEqualTo(new DnsRecord.Svcb("a.example.", 300, DnsType.SVCB, 0, "a.example.", List.of()));
    }

    private static void refusesSvcb(String reason, Wire params) {
        byte[] data = new Wire().u16(1).u8(0).bytes(params.done()).done();
        refuses(Wire.answer(SVCB, 1).record(SVCB, data).done(), reason);
    }

    @Test
    void n23OptRecords() throws WireException {
        byte[] opt = new Wire().u8(0).u16(41).u16(1232).u32(0).u16(0).done();
        refuses(Wire.header(0x8580, 0, 0, 0, 2).bytes(opt).bytes(opt).done(), "OPT");
        refuses(Wire.header(0x8580, 0, 1).bytes(opt).done(), "OPT");
        refuses(
                Wire.header(0x8580, 0, 0, 0, 1)
                        .label("a")
                        .u8(0)
                        .u16(41)
                        .u16(1232)
                        .u32(0)
                        .u16(0)
                        .done(),
                "OPT");
        refuses(optWith(new Wire().u16(10).u16(5).u8(1)), "option");
        refuses(optWith(new Wire().u16(10).u8(5)), "option");
        assertThat(Wire.read(optWith(new Wire().repeat(10_000, 0, 10, 0, 0)))).isEmpty();
    }

    private static byte[] optWith(Wire options) {
        return Wire.header(0x8580, 0, 0, 0, 1)
                .u8(0)
                .fixed(41, 0, options.done())
                .done();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 0x7fffffffL, 0x80000000L, 0xffffffffL})
    void n24TimesToLive(long ttl) throws WireException {
        byte[] message =
                Wire.answer(A, 1).pointer(12).fixed(A, ttl, new byte[4]).done();
        assertThat(Wire.read(message).get(0).ttl()).isEqualTo(ttl > Integer.MAX_VALUE ? 0 : (int) ttl);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 4, 254, 255})
    void n25OtherClassesAreNoRecordsOfOurs(int otherClass) throws WireException {
        byte[] message = Wire.answer(A, 1)
                .pointer(12)
                .u16(A)
                .u16(otherClass)
                .u32(1)
                .u16(4)
                .u32(1)
                .done();
        assertThat(Wire.read(message)).isEmpty();
    }

    @Test
    void n26UnknownTypesAreBytes() throws WireException {
        assertThat(Wire.readOne(65280, new byte[] {(byte) 0xca, (byte) 0xfe}))
                .hasToString("a.example. 300 TYPE65280 \\# 2 cafe");
        assertThat(Wire.readOne(65280, new byte[0])).hasToString("a.example. 300 TYPE65280 \\# 0");
    }

    @Test
    void n27BytesAfterTheEndAreNoRecords() throws WireException {
        byte[] message = Wire.answer(A, 1)
                .record(A, new byte[4])
                .record(A, new byte[] {6, 6, 6, 6})
                .done();
        assertThat(Wire.read(message)).hasSize(1);
    }

    @Test
    void n28OnlyAnswersToPlainQueriesAreAnswers() {
        for (int flags : new int[] {0x0000, 0x0580, 0x8d80, 0xa580, 0xf980}) {
            byte[] message = Wire.header(flags, 0).done();
            MessageReader reader = new MessageReader();
            reader.reset(message, message.length);
            assertThat(reader.isAnswer()).as("flags %x", flags).isFalse();
        }
        byte[] reservedBit = Wire.header(0x85c0, 0).done();
        MessageReader reader = new MessageReader();
        reader.reset(reservedBit, reservedBit.length);
        assertThat(reader.isAnswer()).isTrue();
        assertThat(reader.isAuthenticated()).isFalse();
    }

    @Test
    void n29ResponseCodesWithTheirUpperBits() throws WireException {
        for (int rcode = 0; rcode < 4096; rcode++) {
            byte[] message = Wire.header(0x8580 | (rcode & 15), 0, 0, 0, 1)
                    .u8(0)
                    .u16(41)
                    .u16(1232)
                    .u8(rcode >> 4)
                    .u8(0)
                    .u16(0)
                    .u16(0)
                    .done();
            MessageReader reader = new MessageReader();
            reader.reset(message, message.length);
            reader.read();
            assertThat(reader.rcode()).isEqualTo(rcode);
        }
    }

    @Test
    void n30ManyNamesEachOfALongChainAreRefusedAtTheFirst() {
        int pointers = 8000;
        Wire message = Wire.header(0x8580, 0, 4000);
        message.name("x.").fixed(10, 0, chain(message.size() + 10, pointers));
        int last = message.size() - 2;
        while (message.size() < 64_000) {
            message.pointer(last).fixed(10, 0, new byte[0]);
        }
        refuses(message.done(), "pointers");
    }

    @Test
    void readsAMessageThatIsAllRecordsInOnePass() throws WireException {
        Wire message = Wire.answer(A, 4000);
        for (int i = 0; i < 4000; i++) {
            message.record(A, new byte[] {10, 0, (byte) (i >> 8), (byte) i});
        }
        assertThat(Wire.read(message.done())).hasSize(4000);
    }

    @Test
    void namesToAskForHaveTheSameLimits() throws DnsException {
        String label63 = "a".repeat(63);
        assertThat(DnsName.of(label63 + "." + label63 + "." + label63 + "." + "a".repeat(61))
                        .length())
                .isEqualTo(255);
        for (String bad : List.of(
                "",
                "..",
                ".a",
                "a..b",
                "a.b..",
                "a".repeat(64),
                label63 + "." + label63 + "." + label63 + "." + "a".repeat(62),
                "a\\",
                "a\\25",
                "a\\256",
                "ä",
                "a b\n",
                "a".repeat(5000))) {
            assertThatThrownBy(() -> DnsName.of(bad)).as(bad).isInstanceOf(DnsException.class);
        }
    }
}
