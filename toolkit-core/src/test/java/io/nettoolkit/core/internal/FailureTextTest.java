package io.nettoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailureTextTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0 us",
        "999, 0 us",
        "250000, 250 us",
        "999999, 999 us",
        "1000000, 1.00 ms",
        "3214999, 3.21 ms",
        "9999999, 10.0 ms",
        "32149990, 32.1 ms",
        "321499900, 321 ms",
        "999999999, 1000 ms",
        "1500000000, 1.50 s",
        "30000000000, 30.0 s",
        "599000000000, 599 s",
        "600000000000, PT10M",
        "-1, PT-0.000000001S",
    })
    void writesTimesWithThreeDigits(long nanos, String text) {
        assertThat(FailureText.of(Duration.ofNanos(nanos))).isEqualTo(text);
    }

    @Test
    void writesAddressesWithoutLookingAnythingUp() throws Exception {
        assertThat(FailureText.of(new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 80)))
                .isEqualTo("192.0.2.1:80");
        assertThat(FailureText.of(new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 80)))
                .isEqualTo("[2001:db8:0:0:0:0:0:1]:80");
        assertThat(FailureText.of(InetSocketAddress.createUnresolved("example.com", 80)))
                .isEqualTo("example.com:80");
        assertThat(FailureText.of(new InetSocketAddress(
                        InetAddress.getByAddress("example.com", new byte[] {(byte) 192, 0, 2, 1}), 80)))
                .isEqualTo("example.com/192.0.2.1:80");
        assertThat(FailureText.of(new DomainSocketAddress("/run/app.sock"))).isEqualTo("/run/app.sock");
        assertThat(FailureText.of(Operation.CONNECT)).isEqualTo("connect");
    }

    @Test
    void joinsWhatWasSaidWithWhatToDo() {
        assertThat(FailureText.why(Kind.NOT_TLS, null)).isEqualTo("the peer does not speak TLS on this port");
        assertThat(FailureText.why(Kind.NOT_TLS, new IOException("odd")))
                .isEqualTo("odd; the peer does not speak TLS on this port");
        assertThat(FailureText.why(Kind.RESET, new IOException(""))).isEqualTo("IOException");
        assertThat(FailureText.why(Kind.RESET, null)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "CONNECT_TIMEOUT, firewall",
        "CONNECT_REFUSED, nothing listens there",
        "UNREACHABLE, routes",
        "ADDRESS_IN_USE, another port",
        "PERMISSION, privileges",
        "RESOURCE_EXHAUSTED, ulimit",
        "TLS_CERTIFICATE, chain",
        "TLS_TIMEOUT, may not speak TLS",
        "PATH_LOST, acknowledging",
    })
    void saysWhatToDoAbout(Kind kind, String hint) {
        assertThat(FailureText.why(kind, null)).contains(hint);
    }
}
