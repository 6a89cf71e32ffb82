package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import java.util.Arrays;

/*
 * Reads answers (RFC 1035 §4.1):
 *
 *      0  1  2  3  4  5  6  7  8  9  A  B  C  D  E  F
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *    |                      ID                       |      question: name, type (16), class (16)
 *    |QR|   opcode  |AA|TC|RD|RA| Z|AD|CD|   rcode   |      record:   name, type (16), class (16), TTL (32),
 *    |                    QDCOUNT                    |                length of data (16), data
 *    |                    ANCOUNT                    |      OPT:      root, 41, payload size (16), extended rcode (8),
 *    |                    NSCOUNT                    |                version (8), flags (16), length, options
 *    |                    ARCOUNT                    |
 *    +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *
 * One pass checks every name and length of the message and notes where its records are; data is read only of the records
 * somebody asks for. Memory: four ints a record, of which a message has at most one per 11 bytes.
 */

/** Reads one message after the other. Not thread-safe; holds on to the bytes until the next message. */
public final class MessageReader {

    private static final int CLASS_IN = 1;
    private static final int TYPE_OPT = 41;
    private static final int RECORD_BYTES = 10;
    private static final int INTS = 4;

    /** How the question of an answer compares to what was asked. */
    public enum Question {
        /** To the last bit. */
        SAME,
        /** But for the case of letters. */
        OTHER_CASE,
        /** There is none, as with servers that answer what they do not understand. */
        ABSENT,
        /** Something else was asked. */
        DIFFERENT
    }

    /** Where a record stands. */
    public enum Section {
        /** What was asked for. */
        ANSWER,
        /** About the zone. */
        AUTHORITY,
        /** Everything else. */
        ADDITIONAL
    }

    private final NameReader names = new NameReader();
    private final RdataReader rdata = new RdataReader(names);
    private byte[] data = new byte[0];
    private int end;
    /** Of each record: offset of its name, type and class, offset of its TTL, end of its data. */
    private int[] records = new int[INTS * 16];

    private int answers;
    private int authorities;
    private int additionals;
    private int extendedRcode;
    private boolean opt;
    private int questionEnd;

    /** Takes the next message; false when it is shorter than a header. */
    public boolean reset(byte[] bytes, int length) {
        data = bytes;
        end = length;
        names.reset(bytes, length);
        rdata.reset(bytes);
        answers = 0;
        authorities = 0;
        additionals = 0;
        extendedRcode = 0;
        opt = false;
        questionEnd = 0;
        return length >= NameReader.HEADER_BYTES;
    }

    /** The id. */
    public int id() {
        return unsigned16(0);
    }

    /** Whether this is an answer to a plain query: QR is set, the opcode is 0. */
    public boolean isAnswer() {
        return (data[2] & 0xf8) == 0x80;
    }

    /** AA: the server has the zone. */
    public boolean isAuthoritative() {
        return (data[2] & 0x04) != 0;
    }

    /** TC: the answer was cut off. */
    public boolean isTruncated() {
        return (data[2] & 0x02) != 0;
    }

    /** RA: the server asks others. */
    public boolean isRecursive() {
        return (data[3] & 0x80) != 0;
    }

    /** AD: the server says that signatures were checked. */
    public boolean isAuthenticated() {
        return (data[3] & 0x20) != 0;
    }

    /** The four bits of the header, and once the message was read those of OPT. */
    public int rcode() {
        return extendedRcode << 4 | (data[3] & 0x0f);
    }

    /** Whether the server speaks EDNS; once the message was read. */
    public boolean hasOpt() {
        return opt;
    }

    /**
     * Compares the question.
     *
     * @param name what was asked
     * @param sent its wire form with the case of letters it was sent with
     * @param type the type asked for
     */
    public Question question(DnsName name, byte[] sent, int type) {
        int count = unsigned16(4);
        if (count == 0) {
            return Question.ABSENT;
        }
        int length = name.length();
        int at = NameReader.HEADER_BYTES;
        boolean asLong = count == 1 && at + length + 4 <= end;
        if (!asLong || unsigned16(at + length) != type || unsigned16(at + length + 2) != CLASS_IN) {
            return Question.DIFFERENT;
        }
        questionEnd = at + length + 4;
        if (Arrays.equals(data, at, at + length, sent, 0, length)) {
            return Question.SAME;
        }
        for (int i = 0; i < length; i++) {
            if (NameReader.lower(data[at + i]) != name.octet(i)) {
                questionEnd = 0;
                return Question.DIFFERENT;
            }
        }
        return Question.OTHER_CASE;
    }

    /**
     * Checks the whole message and notes its records. Letters of the question, which the asker had made random, become
     * those of the name, so that every name that points there is spelled so too.
     *
     * @param name the question, after {@link #question} said that it is this one
     */
    public void read(DnsName name) throws WireException {
        name.copyTo(data, NameReader.HEADER_BYTES);
        names.questionIs(name);
        readRecords(questionEnd);
    }

    /** The same for a message whose question is not known: it has any number of questions. */
    public void read() throws WireException {
        int at = NameReader.HEADER_BYTES;
        for (int i = unsigned16(4); i > 0; i--) {
            at = names.skip(at, end) + 4;
            if (at > end) {
                throw new WireException("a question runs past the end", at);
            }
        }
        readRecords(at);
    }

    private void readRecords(int start) throws WireException {
        int at = start;
        answers = unsigned16(6);
        authorities = unsigned16(8);
        additionals = unsigned16(10);
        int count = answers + authorities + additionals;
        int beforeAdditionals = answers + authorities;
        for (int i = 0; i < count; i++) {
            int owner = at;
            at = names.skip(at, end);
            if (at + RECORD_BYTES > end) {
                throw new WireException("a record runs past the end", at);
            }
            int dataEnd = at + RECORD_BYTES + unsigned16(at + 8);
            if (dataEnd > end) {
                throw new WireException("the data of a record runs past the end", at);
            }
            if (unsigned16(at) == TYPE_OPT) {
                readOpt(owner, at, dataEnd, i >= beforeAdditionals);
            }
            note(i, owner, at, dataEnd);
            at = dataEnd;
        }
    }

    private void note(int index, int owner, int at, int dataEnd) {
        int base = index * INTS;
        if (base == records.length) {
            records = Arrays.copyOf(records, base * 2);
        }
        records[base] = owner;
        records[base + 1] = unsigned16(at) << 16 | unsigned16(at + 2);
        records[base + 2] = at + 4;
        records[base + 3] = dataEnd;
    }

    /** RFC 6891 §6.1. */
    private void readOpt(int owner, int at, int dataEnd, boolean additional) throws WireException {
        if (opt || !additional || data[owner] != 0) {
            throw new WireException("OPT twice, outside of the additional section or with a name", at);
        }
        opt = true;
        extendedRcode = data[at + 4] & 0xff;
        int option = at + RECORD_BYTES;
        while (option < dataEnd) {
            if (option + 4 > dataEnd) {
                throw new WireException("an option runs past the end of OPT", option);
            }
            option += 4 + unsigned16(option + 2);
        }
        if (option > dataEnd) {
            throw new WireException("an option runs past the end of OPT", option);
        }
    }

    /** Index of the first record of a section. */
    public int begin(Section section) {
        return switch (section) {
            case ANSWER -> 0;
            case AUTHORITY -> answers;
            case ADDITIONAL -> answers + authorities;
        };
    }

    /** Index after the last record of a section. */
    public int end(Section section) {
        return switch (section) {
            case ANSWER -> answers;
            case AUTHORITY -> answers + authorities;
            case ADDITIONAL -> answers + authorities + additionals;
        };
    }

    /** Whether a record is of class IN and of this type. */
    public boolean isType(int index, int type) {
        return records[index * INTS + 1] == (type << 16 | CLASS_IN);
    }

    /** The type code of a record of class IN, or -1 where it is of another class. */
    public int typeOf(int index) {
        int typeAndClass = records[index * INTS + 1];
        return (typeAndClass & 0xffff) == CLASS_IN ? typeAndClass >>> 16 : -1;
    }

    /** Whether a record's owner is this name. */
    public boolean isOwner(int index, DnsName name) {
        return names.isName(records[index * INTS], name);
    }

    /** A record's owner. */
    public String owner(int index) throws WireException {
        return names.read(records[index * INTS], end);
    }

    /** A record; {@code owner} as it is to be spelled. */
    public DnsRecord record(int index, DnsType<?> type, String owner) throws WireException {
        int base = index * INTS;
        int ttlAt = records[base + 2];
        int ttl = unsigned16(ttlAt) << 16 | unsigned16(ttlAt + 2);
        // The high bit makes it zero (RFC 2181 §8).
        return rdata.read(type, owner, Math.max(ttl, 0), ttlAt + 6, records[base + 3]);
    }

    private int unsigned16(int at) {
        return (data[at] & 0xff) << 8 | (data[at + 1] & 0xff);
    }
}
