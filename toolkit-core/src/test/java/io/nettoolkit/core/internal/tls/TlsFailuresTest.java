package io.nettoolkit.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.FailureClassifier;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TlsFailuresTest {

    private static NetException described(Throwable failure) {
        return TlsFailures.describe(
                failure,
                new InetSocketAddress("127.0.0.1", 5),
                new InetSocketAddress("127.0.0.1", 443),
                Duration.ofMillis(3));
    }

    @ParameterizedTest
    @CsvSource({
        "Received fatal alert: bad_certificate",
        "(certificate_required) Received fatal alert: certificate_required",
        "Empty client certificate chain",
        "error:10000412:SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE",
        "error:10000418:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA",
        "error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED",
        "error:100000c0:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE"
    })
    void knowsAlertsAboutCertificatesFromBothProviders(String message) {
        assertThat(FailureClassifier.kindOf(new SSLException(message))).isEqualTo(Kind.TLS_CERTIFICATE);
        assertThat(described(new SSLException(message)).kind()).isEqualTo(Kind.TLS_CERTIFICATE);
    }

    @Test
    void survivesACauseThatIsItsOwnCause() {
        Exception one = new RuntimeException("one");
        Exception two = new RuntimeException("two", one);
        one.initCause(two);

        SSLException ring = new SSLHandshakeException("ring");
        ring.initCause(two);
        assertThat(described(ring).kind()).isEqualTo(Kind.TLS_HANDSHAKE);
    }

    @Test
    void tellsAddressesTimeAndWhatToDo() {
        assertThat(described(new DecoderException(new SSLHandshakeException("Received fatal alert: unknown_ca"))))
                .hasMessageContaining("127.0.0.1:5 -> ")
                .hasMessageContaining("127.0.0.1:443 failed with TLS_CERTIFICATE after 3.0")
                .hasMessageContaining("the peer does not trust the issuer of the certificate it was shown");
    }

    @Test
    void showsTheFirstBytesOfAPeerThatDoesNotSpeakTls() {
        NetException failure = described(new DecoderException(
                new NotSslRecordException("not an SSL/TLS record: 474554202f20485454502f312e310d0a0d0a")));

        assertThat(failure.kind()).isEqualTo(Kind.NOT_TLS);
        assertThat(failure).hasMessageContaining("it sent 474554202f20485454502f312e310d0a (\"GET / HTTP/1.1..\")");
        assertThat(described(new NotSslRecordException("not an SSL/TLS record")))
                .hasMessageNotContaining("it sent");
    }

    @Test
    void leavesOtherFailuresToTheGeneralClassifier() {
        NetException failure = described(new IOException("Connection reset by peer"));

        assertThat(failure.operation()).isEqualTo(Operation.TLS);
        assertThat(failure).hasMessageContaining("Connection reset by peer");
    }
}
