package io.nettoolkit.tcp.internal;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Which well-known protocol the first bytes of a stream spell, for the message of a failure: most bad lengths are
 * somebody speaking another protocol to this port.
 *
 * <p>A guess is made only on bytes that hardly mean anything else; nothing is decided by it.
 */
final class ProtocolGuess {

    private static final Signature[] SIGNATURES = {
        text("HTTP/2 preface", "PRI * HTTP/2"),
        text("HTTP", "GET "),
        text("HTTP", "POST "),
        text("HTTP", "PUT "),
        text("HTTP", "HEAD "),
        text("HTTP", "PATCH "),
        text("HTTP", "DELETE "),
        text("HTTP", "OPTIONS "),
        text("HTTP", "CONNECT "),
        text("HTTP", "TRACE "),
        text("HTTP", "HTTP/"),
        bytes("TLS", 0, 0x16, 0x03),
        bytes("TLS", 0, 0x15, 0x03),
        text("SSH", "SSH-"),
        text("PROXY protocol", "PROXY "),
        bytes("PROXY protocol", 0, 0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51),
        text("Redis/RESP", "+OK\r\n"),
        text("Redis/RESP", "+PONG"),
        text("Redis/RESP", "-ERR "),
        text("Redis/RESP", "-NOAUTH "),
        text("Redis/RESP", "PING\r\n"),
        text("SMTP/FTP greeting", "220 "),
        text("SMTP/FTP greeting", "220-"),
        text("SMTP", "EHLO "),
        text("SMTP", "HELO "),
        bytes("Java serialization", 0, 0xAC, 0xED, 0x00, 0x05),
        text("Java RMI", "JRMI"),
        text("AMQP", "AMQP"),
        bytes("MQTT", 2, 0x00, 0x04, 'M', 'Q', 'T', 'T'),
        bytes("MQTT", 2, 0x00, 0x06, 'M', 'Q', 'I', 's'),
        bytes("PostgreSQL", 4, 0x00, 0x03, 0x00, 0x00),
        bytes("PostgreSQL", 4, 0x04, 0xD2, 0x16, 0x2F),
        bytes("SMB", 4, 0xFF, 'S', 'M', 'B'),
        bytes("SMB", 4, 0xFE, 'S', 'M', 'B'),
    };

    private ProtocolGuess() {}

    /** The protocol's name, or null where the bytes spell none. Looks at a dozen bytes at most. */
    static @Nullable String of(ByteBuf in, int index, int readable) {
        for (Signature signature : SIGNATURES) {
            if (signature.matches(in, index, readable)) {
                return signature.protocol;
            }
        }
        return isRedisRequest(in, index, readable) ? "Redis/RESP" : null;
    }

    /** An array of up to 99 strings: {@code *2\r} or {@code *12\r}. */
    private static boolean isRedisRequest(ByteBuf in, int index, int readable) {
        if (readable < 3 || in.getByte(index) != '*' || !Character.isDigit(in.getByte(index + 1))) {
            return false;
        }
        byte third = in.getByte(index + 2);
        return third == '\r' || (Character.isDigit(third) && readable > 3 && in.getByte(index + 3) == '\r');
    }

    private static Signature text(String protocol, String start) {
        return new Signature(protocol, 0, start);
    }

    private static Signature bytes(String protocol, int at, int... values) {
        return new Signature(protocol, at, new String(values, 0, values.length));
    }

    /** Each char of {@code bytes} stands for the byte of that value. */
    private record Signature(String protocol, int at, String bytes) {

        boolean matches(ByteBuf in, int index, int readable) {
            if (readable < at + bytes.length()) {
                return false;
            }
            for (int i = 0; i < bytes.length(); i++) {
                if (in.getUnsignedByte(index + at + i) != bytes.charAt(i)) {
                    return false;
                }
            }
            return true;
        }
    }
}
