package io.nettoolkit.testkit;

import io.nettoolkit.testkit.FakeDnsReply.Flaw;
import io.nettoolkit.testkit.FakeDnsServer.Query;
import io.nettoolkit.testkit.FakeDnsServer.Transport;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the queries of a fake server and writes its answers. Stateless. */
final class FakeDnsMessages {

    private static final int HEADER_BYTES = 12;
    private static final int PLAIN_PAYLOAD = 512;
    private static final int TYPE_OPT = 41;
    private static final int QUESTION_POINTER = 0xc00c;

    private FakeDnsMessages() {}

    /** A query; null for bytes that are none. */
    static @Nullable Query query(byte[] bytes, Transport transport, InetSocketAddress from) {
        if (bytes.length < HEADER_BYTES + 5 || (bytes[2] & 0x80) != 0) {
            return null;
        }
        int end = nameEnd(bytes);
        if (end + 4 > bytes.length) {
            return null;
        }
        int payload = 0;
        if (u16(bytes, 10) == 1 && end + 4 + 11 <= bytes.length && u16(bytes, end + 5) == TYPE_OPT) {
            payload = u16(bytes, end + 7);
        }
        return new Query(text(bytes), u16(bytes, end), u16(bytes, 0), transport, payload, from, bytes);
    }

    private static int nameEnd(byte[] bytes) {
        int at = HEADER_BYTES;
        while (at < bytes.length && bytes[at] != 0) {
            at += (bytes[at] & 0xff) + 1;
        }
        return at + 1;
    }

    private static String text(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = HEADER_BYTES; bytes[at] != 0; at += bytes[at] + 1) {
            text.append(new String(bytes, at + 1, bytes[at], StandardCharsets.ISO_8859_1))
                    .append('.');
        }
        return text.isEmpty() ? "." : text.toString();
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    /** What goes out for a reply that is not nothing. */
    static byte[] answer(Query query, FakeDnsReply reply) {
        if (reply.content() == FakeDnsReply.Content.RAW) {
            byte[] raw = reply.bytes().clone();
            if (raw.length >= 2) {
                raw[0] = (byte) (query.id() >> 8);
                raw[1] = (byte) query.id();
            }
            return raw;
        }
        boolean datagram = query.transport() == Transport.UDP;
        boolean cutOff = reply.is(Flaw.TRUNCATED_EVERYWHERE) || (datagram && reply.is(Flaw.TRUNCATED));
        byte[] whole = write(query, reply, cutOff);
        int fits = Math.max(query.payload(), PLAIN_PAYLOAD);
        return datagram && whole.length > fits ? write(query, reply, true) : whole;
    }

    private static byte[] write(Query query, FakeDnsReply reply, boolean cutOff) {
        List<FakeDnsRecord> answers = reply.answers();
        List<FakeDnsRecord> authorities = reply.authorities();
        int rcode = reply.rcode();
        FakeDnsZone zone = reply.zone();
        if (reply.content() == FakeDnsReply.Content.ZONE && zone != null) {
            FakeDnsZone.Answer answer = zone.answer(query.name(), query.type());
            answers = answer.answers();
            authorities = authorities.isEmpty() ? answer.authorities() : authorities;
            rcode = rcode == 0 ? answer.rcode() : rcode;
        }
        List<FakeDnsRecord> additionals = reply.additionals();
        if (cutOff) {
            answers = List.of();
            authorities = List.of();
            additionals = List.of();
        }
        boolean opt = query.payload() != 0 && !reply.is(Flaw.NO_EDNS);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        u16(out, reply.is(Flaw.WRONG_ID) ? query.id() ^ 0x5a5a : query.id());
        u16(out, flags(query, reply, cutOff) | (rcode & 15));
        u16(out, reply.is(Flaw.NO_QUESTION) ? 0 : 1);
        u16(out, answers.size());
        u16(out, authorities.size());
        u16(out, additionals.size() + (opt ? 1 : 0));
        question(out, query, reply);
        answers.forEach(record -> record(out, query, reply, record));
        authorities.forEach(record -> record(out, query, reply, record));
        additionals.forEach(record -> record(out, query, reply, record));
        if (opt) {
            out.write(0);
            u16(out, TYPE_OPT);
            u16(out, 1232);
            out.write(rcode >> 4);
            out.write(0);
            u16(out, 0);
            u16(out, 0);
        }
        return out.toByteArray();
    }

    private static int flags(Query query, FakeDnsReply reply, boolean cutOff) {
        int flags = 0x8000 | (u16(query.bytes(), 2) & 0x0100);
        if (!reply.is(Flaw.REFERRAL)) {
            flags |= 0x0480;
        }
        if (reply.is(Flaw.AUTHENTICATED)) {
            flags |= 0x0020;
        }
        return cutOff ? flags | 0x0200 : flags;
    }

    private static void question(ByteArrayOutputStream out, Query query, FakeDnsReply reply) {
        if (reply.is(Flaw.NO_QUESTION)) {
            return;
        }
        int end = nameEnd(query.bytes());
        byte[] name = new byte[end - HEADER_BYTES];
        System.arraycopy(query.bytes(), HEADER_BYTES, name, 0, name.length);
        if (reply.is(Flaw.LOWER_CASE)) {
            for (int i = 0; i < name.length; i++) {
                name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (byte) (name[i] | 0x20) : name[i];
            }
        }
        if (reply.is(Flaw.WRONG_NAME)) {
            name[1] = (byte) (name[1] == 'x' ? 'y' : 'x');
        }
        out.writeBytes(name);
        u16(out, reply.is(Flaw.WRONG_TYPE) ? query.type() ^ 0x1f : query.type());
        u16(out, reply.is(Flaw.WRONG_CLASS) ? 3 : 1);
    }

    private static void record(ByteArrayOutputStream out, Query query, FakeDnsReply reply, FakeDnsRecord record) {
        if (!reply.is(Flaw.NO_QUESTION) && record.name().equalsIgnoreCase(query.name())) {
            u16(out, QUESTION_POINTER);
        } else {
            FakeDnsRecord.name(out, record.name());
        }
        u16(out, record.type());
        u16(out, 1);
        u16(out, (int) (record.ttl() >> 16));
        u16(out, (int) record.ttl());
        u16(out, record.data().length);
        out.writeBytes(record.data());
    }

    private static void u16(ByteArrayOutputStream out, int value) {
        out.write(value >> 8);
        out.write(value);
    }
}
