package io.nettoolkit.dns.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.dns.SvcParam;
import io.nettoolkit.dns.internal.wire.MessageReader.Question;
import io.nettoolkit.dns.internal.wire.MessageReader.Section;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the engine asks a reader about a message that has come. */
class MessageReaderTest {

    private static final int A = 1;

    private final MessageReader reader = new MessageReader();

    private static DnsName named(String text) {
        try {
            return DnsName.of(text);
        } catch (io.nettoolkit.dns.DnsException badName) {
            throw new AssertionError(badName);
        }
    }

    /** In the case it is given. */
    private static byte[] wireOf(String text) {
        Wire wire = new Wire();
        for (String label : text.substring(0, text.length() - 1).split("\\.", -1)) {
            wire.label(label);
        }
        return wire.u8(0).done();
    }

    private boolean reset(Wire message) {
        return reader.reset(message.done(), message.size());
    }

    private static Wire asked(String spelled, int type, int questionClass) {
        return Wire.header(0x8580, 1, 0, 0, 0).bytes(wireOf(spelled)).u16(type).u16(questionClass);
    }

    @Test
    void readsTheHeader() {
        reset(Wire.header(0x8000, 0, 0, 0, 0));
        assertThat(reader.isAnswer()).isTrue();
        assertThat(reader.isAuthoritative()).isFalse();
        assertThat(reader.isTruncated()).isFalse();
        assertThat(reader.isRecursive()).isFalse();
        assertThat(reader.isAuthenticated()).isFalse();
        assertThat(reader.rcode()).isZero();
        reset(Wire.header(0x87af, 0, 0, 0, 0));
        assertThat(reader.isAuthoritative()).isTrue();
        assertThat(reader.isTruncated()).isTrue();
        assertThat(reader.isRecursive()).isTrue();
        assertThat(reader.isAuthenticated()).isTrue();
        assertThat(reader.rcode()).isEqualTo(15);
        byte[] message = Wire.header(0x8000, 0, 0, 0, 0).done();
        message[0] = (byte) 0xfe;
        message[1] = (byte) 0xdc;
        assertThat(reader.reset(message, 12)).isTrue();
        assertThat(reader.id()).isEqualTo(0xfedc);
        assertThat(reader.reset(message, 11)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "a.Example., 1, 1, SAME",
        "a.example., 1, 1, OTHER_CASE",
        "A.EXAMPLE., 1, 1, OTHER_CASE",
        "b.Example., 1, 1, DIFFERENT",
        "a.Examplf., 1, 1, DIFFERENT",
        "a.Example., 28, 1, DIFFERENT",
        "a.Example., 1, 3, DIFFERENT",
        "a.Exampl., 1, 1, DIFFERENT",
        "x.a.Example., 1, 1, DIFFERENT"
    })
    void comparesTheQuestion(String answered, int type, int questionClass, Question expected) {
        reset(asked(answered, type, questionClass));
        assertThat(reader.question(named("a.example"), wireOf("a.Example."), A)).isEqualTo(expected);
    }

    /** A letter differs from another in one bit only, and so do other octets. */
    @ParameterizedTest
    @ValueSource(strings = {"@", "[", "{", "`", "!"})
    void takesNothingButLettersForOtherCase(String octet) {
        byte[] sent = wireOf("a.example.");
        byte[] answered = sent.clone();
        answered[1] = (byte) octet.charAt(0);
        reset(Wire.header(0x8580, 1, 0, 0, 0).bytes(answered).u16(A).u16(1));
        assertThat(reader.question(named("a.example"), sent, A)).isEqualTo(Question.DIFFERENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "z"})
    void takesTheFirstAndTheLastLetterInEitherCase(String letter) {
        reset(asked(letter.toUpperCase(java.util.Locale.ROOT) + ".example.", A, 1));
        assertThat(reader.question(named(letter + ".example"), wireOf(letter + ".example."), A))
                .isEqualTo(Question.OTHER_CASE);
    }

    @Test
    void tellsAnAbsentQuestionFromSeveral() {
        reset(Wire.header(0x8580, 0, 0, 0, 0));
        assertThat(reader.question(named("a.example"), wireOf("a.example."), A)).isEqualTo(Question.ABSENT);
        reset(Wire.header(0x8580, 2, 0, 0, 0)
                .name("a.example.")
                .u16(A)
                .u16(1)
                .name("a.example.")
                .u16(A)
                .u16(1));
        assertThat(reader.question(named("a.example"), wireOf("a.example."), A)).isEqualTo(Question.DIFFERENT);
    }

    @Test
    void aQuestionThatEndsWithTheMessageIsWholeAndOneThatIsCutOffIsNot() {
        Wire whole = asked("a.example.", A, 1);
        assertThat(reader.reset(whole.done(), whole.size())).isTrue();
        assertThat(reader.question(named("a.example"), wireOf("a.example."), A)).isEqualTo(Question.SAME);
        assertThat(reader.reset(whole.done(), whole.size() - 1)).isTrue();
        assertThat(reader.question(named("a.example"), wireOf("a.example."), A)).isEqualTo(Question.DIFFERENT);
    }

    private void read(Wire message, String asked) throws WireException {
        reset(message);
        assertThat(reader.question(named(asked), wireOf(asked), A)).isNotEqualTo(Question.DIFFERENT);
        reader.read(named(asked));
    }

    @Test
    void knowsTheRecordsOfEachSection() throws WireException {
        Wire message = Wire.header(0x8580, 1, 2, 1, 3).name("a.example.").u16(A).u16(1);
        for (int i = 0; i < 6; i++) {
            message.name("r" + i + ".example.").fixed(i == 2 ? 2 : A, 300, i == 2 ? new byte[1] : new byte[4]);
        }
        read(message, "a.example.");

        assertThat(reader.begin(Section.ANSWER)).isZero();
        assertThat(reader.end(Section.ANSWER)).isEqualTo(2);
        assertThat(reader.begin(Section.AUTHORITY)).isEqualTo(2);
        assertThat(reader.end(Section.AUTHORITY)).isEqualTo(3);
        assertThat(reader.begin(Section.ADDITIONAL)).isEqualTo(3);
        assertThat(reader.end(Section.ADDITIONAL)).isEqualTo(6);
        assertThat(reader.isType(2, 2)).isTrue();
        assertThat(reader.isType(2, A)).isFalse();
        assertThat(reader.isType(1, 2)).isFalse();
        assertThat(reader.owner(5)).isEqualTo("r5.example.");
        assertThat(reader.hasOpt()).isFalse();
    }

    @Test
    void comparesOwnersThroughPointersAndWithoutCase() throws WireException {
        Wire message = Wire.header(0x8580, 1, 4, 0, 0)
                .bytes(wireOf("a.Example."))
                .u16(A)
                .u16(1);
        message.pointer(12).fixed(A, 300, new byte[4]);
        message.label("B").pointer(14).fixed(A, 300, new byte[4]);
        message.bytes(wireOf("A.EXAMPLE.")).fixed(A, 300, new byte[4]);
        message.label("x").pointer(12).fixed(A, 300, new byte[4]);
        reset(message);
        DnsName asked = named("a.example");
        assertThat(reader.question(asked, wireOf("a.Example."), A)).isEqualTo(Question.SAME);
        reader.read(asked);

        assertThat(reader.isOwner(0, asked)).isTrue();
        assertThat(reader.isOwner(0, named("a.example"))).isTrue();
        assertThat(reader.isOwner(0, named("b.example"))).isFalse();
        assertThat(reader.isOwner(1, named("b.example"))).isTrue();
        assertThat(reader.isOwner(1, asked)).isFalse();
        assertThat(reader.isOwner(2, asked)).isTrue();
        assertThat(reader.isOwner(3, named("x.a.example"))).isTrue();
        assertThat(reader.isOwner(3, asked)).isFalse();
        assertThat(reader.isOwner(3, named("x.a"))).isFalse();
        assertThat(reader.isOwner(3, named("x.a.example.test"))).isFalse();
        assertThat(reader.owner(0)).as("spelled as it was asked for").isEqualTo("a.example.");
        assertThat(reader.owner(1)).isEqualTo("B.example.");
    }

    @Test
    void nothingIsLeftOfTheMessageBefore() throws WireException {
        read(
                Wire.header(0x8580, 1, 0, 0, 1)
                        .name("a.example.")
                        .u16(A)
                        .u16(1)
                        .bytes(0)
                        .u16(41)
                        .u16(1232)
                        .u32(0x0100_0000L)
                        .u16(0),
                "a.example.");
        assertThat(reader.hasOpt()).isTrue();
        assertThat(reader.rcode()).isEqualTo(16);
        read(asked("a.example.", A, 1), "a.example.");
        assertThat(reader.hasOpt()).isFalse();
        assertThat(reader.rcode()).isZero();
        assertThat(reader.end(Section.ADDITIONAL)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {'/', ':', '@', '[', '`', '{', '-', '_', '0', '9', 'A', 'Z', 'a', 'z'})
    void octetsNextToLettersAndDigitsComeBackAsThemselves(int octet) throws Exception {
        String text = Wire.read(Wire.header(0x8580, 0, 1, 0, 0)
                        .bytes(3, 'a', octet, 'z', 0)
                        .fixed(A, 300, new byte[4])
                        .done())
                .get(0)
                .name();
        assertThat(named(text)).isEqualTo(named("a\\" + String.format("%03d", octet) + "z"));
        boolean plain = Character.isLetterOrDigit(octet) || octet == '-' || octet == '_';
        assertThat(NameReader.isPlain((byte) octet)).isEqualTo(plain);
    }

    @Test
    void keysOfServicesAreOfTwoBytesAndAddressesOfTheirFamily() {
        assertThat(SvcParamCodec.keys(new byte[] {1, 2, 3, 4})).containsExactly(0x0102, 0x0304);
        assertThat(SvcParamCodec.flaw(SvcParam.MANDATORY, new byte[0])).isNotNull();
        assertThat(SvcParamCodec.flaw(SvcParam.MANDATORY, new byte[3])).isNotNull();
        assertThat(SvcParamCodec.flaw(SvcParam.MANDATORY, new byte[] {0, 1})).isNull();
        assertThat(SvcParamCodec.flaw(SvcParam.MANDATORY, new byte[] {0, 1, 0, 1}))
                .isNotNull();
        assertThat(SvcParamCodec.flaw(SvcParam.NO_DEFAULT_ALPN, new byte[1])).isNotNull();
        assertThat(SvcParamCodec.flaw(SvcParam.NO_DEFAULT_ALPN, new byte[0])).isNull();
        assertThat(SvcParamCodec.flaw(SvcParam.ECH, new byte[0])).isNotNull();
        assertThat(SvcParamCodec.flaw(SvcParam.ECH, new byte[1])).isNull();
        assertThat(SvcParamCodec.flaw(SvcParam.IPV4HINT, new byte[0])).isNotNull();
        assertThat(SvcParamCodec.flaw(-1, new byte[0])).isNotNull();
        assertThat(SvcParamCodec.flaw(65534, new byte[65535])).isNull();
        assertThat(SvcParamCodec.flaw(65535, new byte[0])).isNotNull();
        assertThat(SvcParamCodec.flaw(9, new byte[65536])).isNotNull();
    }
}
