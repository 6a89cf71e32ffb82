package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.internal.FailureClassifier;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Gives failures of TLS their kind and words, alike for both providers. */
public final class TlsFailures {

    /** Alerts and local findings (RFC 8446 section 6.2), as the JDK or BoringSSL spell them once normalised. */
    private static final List<String> ABOUT_CERTIFICATES = List.of(
            // First what this side found: the JDK may name the alert it sends in the same message.
            "empty_client_certificate",
            "peer_did_not_return_a_certificate",
            "bad_certificate",
            "unsupported_certificate",
            "certificate_revoked",
            "certificate_expired",
            "certificate_unknown",
            "certificate_required",
            "unknown_ca");

    private static final int MAX_CAUSES = 16;
    private static final int SHOWN_BYTES = 16;

    private TlsFailures() {}

    /**
     * A failed handshake as the exception users get: with its kind, and a message that says what to do. Also for a
     * failure after the handshake that TLS 1.3 reports only then, such as a client certificate that was refused.
     */
    public static NetException describe(
            Throwable failure, @Nullable SocketAddress local, @Nullable SocketAddress remote, Duration elapsed) {
        Kind kind = FailureClassifier.kindOf(failure, Operation.TLS);
        switch (kind) {
            case NOT_TLS, TLS_TIMEOUT, TLS_CERTIFICATE, TLS_HANDSHAKE -> {}
            default -> {
                return NetException.of(failure, Operation.TLS, local, remote, elapsed);
            }
        }
        return NetException.builder(kind, Operation.TLS)
                .detail(detail(kind, failure))
                .local(local)
                .remote(remote)
                .elapsed(elapsed)
                .cause(failure)
                .build();
    }

    private static String detail(Kind kind, Throwable failure) {
        return switch (kind) {
            case NOT_TLS -> "the peer does not speak TLS on this port" + firstBytes(failure);
            case TLS_TIMEOUT -> "the handshake did not end in time; the peer is overloaded or waits for something else";
            case TLS_CERTIFICATE -> certificateDetail(failure);
            default -> handshakeDetail(failure);
        };
    }

    private static String certificateDetail(Throwable failure) {
        String alert = null;
        Throwable cause = failure;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
            if (cause instanceof CertificateException) {
                return String.valueOf(cause.getMessage());
            }
            alert = alert != null ? alert : alertAboutCertificates(cause);
            cause = cause.getCause();
        }
        if (alert == null) {
            return said(failure);
        }
        return switch (alert) {
            case "empty_client_certificate", "peer_did_not_return_a_certificate" ->
                "the client showed no certificate; give it one, or make client certificates optional";
            case "certificate_required" ->
                "the peer asks for a certificate and was shown none; add one with addCertificate";
            case "unknown_ca" ->
                "the peer does not trust the issuer of the certificate it was shown (unknown_ca);"
                        + " is the chain complete, and does the peer trust that issuer?";
            case "certificate_expired" -> "the peer says that the certificate it was shown has expired";
            default -> "the peer refused the certificate it was shown, or the lack of one (" + alert + ")";
        };
    }

    private static String handshakeDetail(Throwable failure) {
        String text = normalised(said(failure));
        if (text.contains("protocol") && !text.contains("application_protocol")) {
            return "no TLS version in common (protocols): " + said(failure);
        }
        if (text.contains("cipher")) {
            return "no cipher suite in common (ciphers, or the kind of the certificate's key): " + said(failure);
        }
        return said(failure);
    }

    private static @Nullable String alertAboutCertificates(Throwable cause) {
        String text = normalised(String.valueOf(cause.getMessage()));
        for (String alert : ABOUT_CERTIFICATES) {
            if (text.contains(alert)) {
                return alert;
            }
        }
        return null;
    }

    private static String normalised(String message) {
        return message.toLowerCase(Locale.ROOT).replace(' ', '_');
    }

    private static String said(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; !(cause instanceof SSLException) && cause.getCause() != null && i < MAX_CAUSES; i++) {
            cause = cause.getCause();
        }
        return cause.getMessage() != null ? cause.getMessage() : cause.toString();
    }

    /** Netty gives what it read as hexadecimal digits at the end of its message. */
    private static String firstBytes(Throwable failure) {
        String message = said(failure);
        String hex = message.substring(message.lastIndexOf(' ') + 1);
        hex = hex.substring(0, Math.min(hex.length() & ~1, 2 * SHOWN_BYTES));
        try {
            byte[] bytes = HexFormat.of().parseHex(hex);
            String text = new String(bytes, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", ".");
            return bytes.length == 0 ? "" : "; it sent " + hex + " (\"" + text + "\")";
        } catch (IllegalArgumentException e) {
            return "";
        }
    }
}
