package io.nettoolkit.dns.internal.wire;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Messages put together byte by byte, and read. */
public final class Wire {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public static Wire header(int flags, int... counts) {
        Wire wire = new Wire().u16(0x1234).u16(flags);
        for (int i = 0; i < 4; i++) {
            wire.u16(i < counts.length ? counts[i] : 0);
        }
        return wire;
    }

    /** An answer with the question {@code a.example. TYPE} and room for this many records. */
    public static Wire answer(int type, int answers) {
        return header(0x8580, 1, answers).name("a.example.").u16(type).u16(1);
    }

    public Wire u8(int value) {
        out.write(value);
        return this;
    }

    public Wire u16(int value) {
        return u8(value >> 8).u8(value);
    }

    public Wire u32(long value) {
        return u16((int) (value >> 16)).u16((int) value);
    }

    public Wire bytes(int... values) {
        for (int value : values) {
            u8(value);
        }
        return this;
    }

    public Wire bytes(byte[] values) {
        out.writeBytes(values);
        return this;
    }

    public Wire repeat(int count, int... values) {
        for (int i = 0; i < count; i++) {
            bytes(values);
        }
        return this;
    }

    /** An uncompressed name. */
    public Wire name(String text) {
        try {
            DnsName name = DnsName.of(text);
            byte[] bytes = new byte[name.length()];
            name.copyTo(bytes, 0);
            return bytes(bytes);
        } catch (DnsException badName) {
            throw new IllegalArgumentException(badName);
        }
    }

    public Wire label(String label) {
        return u8(label.length()).bytes(label.getBytes(StandardCharsets.ISO_8859_1));
    }

    public Wire pointer(int offset) {
        return u16(0xc000 | offset);
    }

    /** A record of the question's name. */
    public Wire record(int type, byte[] data) {
        return pointer(12).fixed(type, 300, data);
    }

    /** What follows the name of a record. */
    public Wire fixed(int type, long ttl, byte[] data) {
        return u16(type).u16(1).u32(ttl).u16(data.length).bytes(data);
    }

    public int size() {
        return out.size();
    }

    public byte[] done() {
        return out.toByteArray();
    }

    /** All records of a message that can be records here. */
    public static List<DnsRecord> read(byte[] message) throws WireException {
        MessageReader reader = new MessageReader();
        byte[] copy = message.clone();
        if (!reader.reset(copy, copy.length)) {
            throw new WireException("shorter than a header", 0);
        }
        reader.read();
        return records(reader, 0, reader.end(MessageReader.Section.ADDITIONAL));
    }

    static List<DnsRecord> records(MessageReader reader, int from, int to) throws WireException {
        List<DnsRecord> records = new ArrayList<>();
        for (int i = from; i < to; i++) {
            int type = reader.typeOf(i);
            if (type > 0 && type != 41 && (type < 128 || type > 255)) {
                records.add(reader.record(i, DnsType.of(type), reader.owner(i)));
            }
        }
        return records;
    }

    /** The one record of a message with this data in its answer section. */
    public static DnsRecord readOne(int type, byte[] data) throws WireException {
        return read(answer(type, 1).record(type, data).done()).get(0);
    }
}
