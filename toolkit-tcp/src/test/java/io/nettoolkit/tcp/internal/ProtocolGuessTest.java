package io.nettoolkit.tcp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProtocolGuessTest {

    private static @Nullable String guess(byte[] bytes) {
        return ProtocolGuess.of(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/2 preface, PRI * HTTP/2.0|SM",
        "HTTP, GET / HTTP/1.1|Host: a",
        "HTTP, POST /a HTTP/1.1|",
        "HTTP, PUT /a",
        "HTTP, HEAD /a",
        "HTTP, PATCH /a",
        "HTTP, DELETE /a",
        "HTTP, OPTIONS *",
        "HTTP, CONNECT a:443",
        "HTTP, TRACE /a",
        "HTTP, HTTP/1.1 400 Bad Request|",
        "SSH, SSH-2.0-OpenSSH_9.2|",
        "PROXY protocol, PROXY TCP4 10.0.0.1 10.0.0.2 1 2|",
        "Redis/RESP, *1|$4|PING|",
        "Redis/RESP, *12|$4|",
        "Redis/RESP, PING|",
        "Redis/RESP, +PONG|",
        "Redis/RESP, +OK|",
        "Redis/RESP, -ERR unknown command|",
        "Redis/RESP, -NOAUTH Authentication required.|",
        "SMTP/FTP greeting, 220 mail.example.org ESMTP|",
        "SMTP/FTP greeting, 220-Welcome|",
        "SMTP, EHLO example.org|",
        "SMTP, HELO example.org|",
        "Java RMI, JRMI",
        "AMQP, AMQP",
    })
    void knowsProtocolsThatBeginWithText(String protocol, String start) {
        assertThat(guess(Frames.ascii(start.replace("|", "\r\n")))).isEqualTo(protocol);
    }

    @ParameterizedTest
    @CsvSource({
        "TLS, 16 03 01 02 00 01 00 01 fc",
        "TLS, 15 03 03 00 02 02 46",
        "PROXY protocol, 0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 11",
        "Java serialization, ac ed 00 05 73 72",
        "MQTT, 10 10 00 04 4d 51 54 54 04",
        "MQTT, 10 10 00 06 4d 51 49 73 64 70",
        "PostgreSQL, 00 00 00 2e 00 03 00 00 75",
        "PostgreSQL, 00 00 00 08 04 d2 16 2f",
        "SMB, 00 00 00 45 ff 53 4d 42",
        "SMB, 00 00 00 45 fe 53 4d 42",
    })
    void knowsProtocolsThatBeginWithBytes(String protocol, String start) {
        assertThat(guess(Frames.hex(start))).isEqualTo(protocol);
    }

    @ParameterizedTest
    @CsvSource({"GET", "G", "GETX", "hello world", "*a", "*1", "*1x", "*12", "*12x", "*123|", "22", "221 x"})
    void saysNothingWhereTheBytesSpellNothing(String start) {
        assertThat(guess(Frames.ascii(start.replace("|", "\r\n")))).isNull();
    }

    @Test
    void knowsARedisRequestByItsFirstThreeBytes() {
        assertThat(guess(Frames.ascii("*1\r"))).isEqualTo("Redis/RESP");
    }

    @Test
    void looksOnlyAtWhatIsReadable() {
        GuardedBuf in = new GuardedBuf();
        in.writeBytes(Frames.ascii("xxPRI * HTTP/2.0\r\n"));
        for (int readable = 0; readable < 12; readable++) {
            in.allow(2, 2 + readable);
            assertThat(ProtocolGuess.of(in, 2, readable)).isNull();
        }
        in.allow(2, 14);
        assertThat(ProtocolGuess.of(in, 2, 12)).isEqualTo("HTTP/2 preface");
    }

    @Test
    void hardlyEverSeesAProtocolInRandomBytes() {
        Random random = new Random(5);
        ByteBuf in = Unpooled.buffer();
        int guesses = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            in.clear().writeBytes(bytes);
            guesses += ProtocolGuess.of(in, 0, 16) == null ? 0 : 1;
        }
        assertThat(guesses).isLessThan(10);
    }
}
