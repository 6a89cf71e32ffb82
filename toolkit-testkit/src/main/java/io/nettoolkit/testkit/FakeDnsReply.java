package io.nettoolkit.testkit;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a script says about one reply. Immutable. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record FakeDnsReply(
        Content content,
        List<FakeDnsRecord> answers,
        List<FakeDnsRecord> authorities,
        List<FakeDnsRecord> additionals,
        int rcode,
        byte[] bytes,
        Duration delay,
        Set<Flaw> flaws,
        int copies,
        int pieces,
        int cut,
        Cut end,
        @Nullable FakeDnsReply next,
        @Nullable FakeDnsZone zone) {

    static final FakeDnsReply NOTHING = empty(Content.NOTHING, new byte[0]);
    static final FakeDnsReply ZONE = empty(Content.ZONE, new byte[0]);

    /** Where its records come from. */
    enum Content {
        ZONE,
        RECORDS,
        RAW,
        NOTHING
    }

    /** What happens after the bytes at which a stream is cut. */
    enum Cut {
        NONE,
        CLOSE,
        STALL,
        RESET
    }

    /** What is wrong with it. */
    enum Flaw {
        TRUNCATED,
        TRUNCATED_EVERYWHERE,
        WRONG_ID,
        WRONG_NAME,
        WRONG_TYPE,
        WRONG_CLASS,
        LOWER_CASE,
        OTHER_PORT,
        OTHER_ADDRESS,
        NO_QUESTION,
        NO_EDNS,
        REFERRAL,
        AUTHENTICATED
    }

    private static FakeDnsReply empty(Content content, byte[] bytes) {
        return new FakeDnsReply(
                content,
                List.of(),
                List.of(),
                List.of(),
                0,
                bytes,
                Duration.ZERO,
                Set.of(),
                1,
                0,
                0,
                Cut.NONE,
                null,
                null);
    }

    static FakeDnsReply of(List<FakeDnsRecord> answers) {
        return new Draft(empty(Content.RECORDS, new byte[0])).answers(answers).done();
    }

    static FakeDnsReply raw(byte[] bytes) {
        return empty(Content.RAW, bytes);
    }

    FakeDnsReply rcode(int newRcode) {
        if (newRcode < 0 || newRcode > 4095) {
            throw new IllegalArgumentException("rcode: " + newRcode + " (must be 0 to 4095)");
        }
        Draft draft = new Draft(this);
        draft.rcode = newRcode;
        return draft.done();
    }

    FakeDnsReply authority(List<FakeDnsRecord> records) {
        Draft draft = new Draft(this);
        draft.authorities = List.copyOf(records);
        return draft.done();
    }

    FakeDnsReply additional(List<FakeDnsRecord> records) {
        Draft draft = new Draft(this);
        draft.additionals = List.copyOf(records);
        return draft.done();
    }

    FakeDnsReply delay(Duration newDelay) {
        Draft draft = new Draft(this);
        draft.delay = Objects.requireNonNull(newDelay, "delay: must not be null");
        return draft.done();
    }

    FakeDnsReply flag(Flaw flaw) {
        Draft draft = new Draft(this);
        draft.flaws = EnumSet.of(flaw);
        draft.flaws.addAll(flaws);
        return draft.done();
    }

    FakeDnsReply copies(int newCopies) {
        Draft draft = new Draft(this);
        draft.copies = atLeastOne("copies", newCopies);
        return draft.done();
    }

    FakeDnsReply pieces(int bytesEach) {
        Draft draft = new Draft(this);
        draft.pieces = atLeastOne("bytes", bytesEach);
        return draft.done();
    }

    FakeDnsReply cut(int after, Cut how) {
        Draft draft = new Draft(this);
        draft.cut = after;
        draft.end = how;
        return draft.done();
    }

    FakeDnsReply then(FakeDnsReply another) {
        Draft draft = new Draft(this);
        draft.next = next == null ? another : next.then(another);
        return draft.done();
    }

    FakeDnsReply in(FakeDnsZone where) {
        Draft draft = new Draft(this);
        draft.zone = where;
        draft.next = next == null ? null : next.in(where);
        return draft.done();
    }

    boolean is(Flaw flaw) {
        return flaws.contains(flaw);
    }

    private static int atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (must be 1 or more)");
        }
        return value;
    }

    /** A copy that is being changed. */
    private static final class Draft {
        private final FakeDnsReply from;
        private List<FakeDnsRecord> answers;
        private List<FakeDnsRecord> authorities;
        private List<FakeDnsRecord> additionals;
        private int rcode;
        private Duration delay;
        private Set<Flaw> flaws;
        private int copies;
        private int pieces;
        private int cut;
        private Cut end;
        private @Nullable FakeDnsReply next;
        private @Nullable FakeDnsZone zone;

        Draft(FakeDnsReply from) {
            this.from = from;
            answers = from.answers;
            authorities = from.authorities;
            additionals = from.additionals;
            rcode = from.rcode;
            delay = from.delay;
            flaws = from.flaws;
            copies = from.copies;
            pieces = from.pieces;
            cut = from.cut;
            end = from.end;
            next = from.next;
            zone = from.zone;
        }

        Draft answers(List<FakeDnsRecord> records) {
            answers = List.copyOf(records);
            return this;
        }

        FakeDnsReply done() {
            return new FakeDnsReply(
                    from.content,
                    answers,
                    authorities,
                    additionals,
                    rcode,
                    from.bytes,
                    delay,
                    flaws,
                    copies,
                    pieces,
                    cut,
                    end,
                    next,
                    zone);
        }
    }
}
