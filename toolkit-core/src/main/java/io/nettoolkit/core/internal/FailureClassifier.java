package io.nettoolkit.core.internal;

import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.unix.Errors;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.EncoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslClosedEngineException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.handler.timeout.ReadTimeoutException;
import io.netty.handler.timeout.WriteTimeoutException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLKeyException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLProtocolException;

/**
 * Maps any throwable of the JDK, of Netty or of a native transport to a {@link NetFailure.Kind}.
 *
 * <p>Types decide first, then the system's error number, and a message only where the JDK gives nothing else. What
 * says nothing by itself ("Failed to open a socket") is judged by its cause. A channel that is closed says why in its
 * cause; without one it counts as closed on this side, because it was this process that let go of it.
 *
 * <p>Works without any native library: only the classes of Netty's unix module are named here.
 */
public final class FailureClassifier {

    /** Longer chains of causes are accidents, or circles. */
    private static final int MAX_DEPTH = 16;

    private static final Pattern CLOSED_SOCKET = Pattern.compile("(socket|stream) (is )?closed");

    private FailureClassifier() {}

    /** The kind of the failure after {@link #unwrap}. */
    public static Kind kindOf(Throwable failure) {
        return kindOf(failure, Operation.REQUEST);
    }

    /**
     * The kind of the failure, where the operation decides what a bare {@link TimeoutException} was a timeout of, and
     * that a channel which closed under a handshake is a failed handshake.
     */
    public static Kind kindOf(Throwable failure, Operation operation) {
        Throwable current = unwrap(failure);
        Kind closed = null;
        for (int depth = 0; current != null && depth < MAX_DEPTH; depth++) {
            Kind kind = kindOfOne(current, operation);
            if (kind != Kind.OTHER && !isClosed(current)) {
                return kind;
            }
            if (closed == null && kind != Kind.OTHER) {
                closed = kind;
            }
            current = current.getCause();
        }
        if (closed == null) {
            return Kind.OTHER;
        }
        return operation == Operation.TLS ? Kind.TLS_HANDSHAKE : closed;
    }

    /** What remains when the wrappers of futures, codecs and unchecked code are taken off. */
    public static Throwable unwrap(Throwable failure) {
        Throwable current = failure;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            Throwable cause = current.getCause();
            if (cause == null || !isWrapper(current)) {
                return current;
            }
            current = cause;
        }
        return current;
    }

    private static boolean isWrapper(Throwable failure) {
        return failure instanceof CompletionException
                || failure instanceof ExecutionException
                || failure instanceof UncheckedIOException
                // Subclasses, such as TooLongFrameException, say something of their own.
                || failure.getClass() == DecoderException.class
                || failure.getClass() == EncoderException.class;
    }

    /** Failures that say "closed", where a cause says why. */
    private static boolean isClosed(Throwable failure) {
        return failure instanceof ClosedChannelException
                || failure instanceof ChannelOutputShutdownException
                || failure instanceof SslClosedEngineException;
    }

    private static Kind kindOfOne(Throwable failure, Operation operation) {
        if (failure instanceof NetFailure known) {
            return known.kind();
        }
        if (failure instanceof SSLException tls) {
            return tlsKind(tls);
        }
        if (failure instanceof IOException io) {
            return ioKind(io);
        }
        if (failure instanceof CodecException codec) {
            return codecKind(codec);
        }
        if (failure instanceof TimeoutException) {
            return timeoutKind(failure, operation);
        }
        if (failure instanceof RejectedExecutionException rejected) {
            return rejectedKind(rejected);
        }
        if (failure instanceof ReadTimeoutException) {
            return Kind.READ_TIMEOUT;
        }
        if (failure instanceof WriteTimeoutException) {
            return Kind.WRITE_TIMEOUT;
        }
        if (failure instanceof CancellationException || failure instanceof InterruptedException) {
            return Kind.CANCELLED;
        }
        if (failure instanceof OutOfMemoryError) { // also Netty's OutOfDirectMemoryError and "native thread"
            return Kind.RESOURCE_EXHAUSTED;
        }
        if (failure instanceof UnresolvedAddressException) {
            return Kind.DNS_NO_SUCH_NAME;
        }
        if (isAboutCertificates(failure)) {
            return Kind.TLS_CERTIFICATE;
        }
        return failure instanceof SecurityException ? Kind.PERMISSION : Kind.OTHER;
    }

    private static Kind ioKind(IOException failure) {
        if (failure instanceof Errors.NativeIoException numbered) {
            Errno error = Errno.ofNumber(numbered.expectedErr());
            return error != null ? error.kind() : Kind.OTHER;
        }
        if (failure instanceof ConnectTimeoutException) { // a ConnectException
            return Kind.CONNECT_TIMEOUT;
        }
        if (failure instanceof ConnectException) {
            Errno error = Errno.ofText(failure.getMessage());
            return error != null ? error.kindOfConnect() : Kind.CONNECT_REFUSED;
        }
        if (failure instanceof PortUnreachableException) {
            return Kind.CONNECT_REFUSED;
        }
        if (failure instanceof NoRouteToHostException) {
            return Kind.UNREACHABLE;
        }
        if (failure instanceof UnknownHostException) {
            return unknownHostKind(failure);
        }
        if (failure instanceof SocketTimeoutException) {
            String text = text(failure);
            return text.contains("connect") ? Kind.CONNECT_TIMEOUT : Kind.READ_TIMEOUT;
        }
        if (failure instanceof ClosedChannelException || failure instanceof ChannelOutputShutdownException) {
            return Kind.LOCAL_CLOSED;
        }
        if (failure instanceof EOFException) {
            return Kind.PEER_CLOSED;
        }
        if (failure instanceof AccessDeniedException) {
            return Kind.PERMISSION;
        }
        if (failure instanceof FileNotFoundException) {
            // A native transport found no unix socket at the path; a missing file has its name for a message.
            return failure.getMessage() == null ? Kind.CONNECT_REFUSED : Kind.OTHER;
        }
        return systemKind(failure);
    }

    private static Kind systemKind(IOException failure) {
        Errno error = Errno.ofText(failure.getMessage());
        if (error == null) {
            return CLOSED_SOCKET.matcher(text(failure)).find() ? Kind.LOCAL_CLOSED : Kind.OTHER;
        }
        return switch (error) {
            // A unix socket without its server; other files may be missing for other reasons.
            case ENOENT -> failure instanceof SocketException ? error.kind() : Kind.OTHER;
            // Netty makes a type of its own for what NIO says of a connect, and leaves a bind's as it is.
            case EADDRNOTAVAIL -> failure.getClass() == BindException.class ? error.kind() : error.kindOfConnect();
            default -> error.kind();
        };
    }

    private static Kind unknownHostKind(IOException failure) {
        Throwable cause = failure.getCause();
        // Not on our class path, hence by name.
        if (cause != null
                && cause.getClass().getName().equals("io.netty.resolver.dns.DnsNameResolverTimeoutException")) {
            return Kind.DNS_TIMEOUT;
        }
        return text(failure).contains("temporary failure in name resolution")
                ? Kind.DNS_SERVER_FAILURE
                : Kind.DNS_NO_SUCH_NAME;
    }

    private static Kind codecKind(CodecException failure) {
        if (failure instanceof TooLongFrameException) {
            return Kind.FRAME_TOO_LARGE;
        }
        if (failure instanceof PrematureChannelClosureException) {
            return Kind.FRAME_TRUNCATED;
        }
        boolean unexplained = failure instanceof DecoderException && failure.getCause() == null;
        return unexplained || failure instanceof CorruptedFrameException ? Kind.FRAME_CORRUPT : Kind.OTHER;
    }

    private static Kind timeoutKind(Throwable failure, Operation operation) {
        // A private class of Netty's FixedChannelPool.
        if (failure.getClass().getName().endsWith("$AcquireTimeoutException")) {
            return Kind.ACQUIRE_TIMEOUT;
        }
        return switch (operation) {
            case RESOLVE -> Kind.DNS_TIMEOUT;
            case CONNECT -> Kind.CONNECT_TIMEOUT;
            case TLS -> Kind.TLS_TIMEOUT;
            case READ, DECODE -> Kind.READ_TIMEOUT;
            case WRITE, ENCODE -> Kind.WRITE_TIMEOUT;
            case ACQUIRE -> Kind.ACQUIRE_TIMEOUT;
            default -> Kind.REQUEST_TIMEOUT;
        };
    }

    private static Kind rejectedKind(RejectedExecutionException failure) {
        if (!(failure instanceof RejectedException refusal)) {
            return Kind.LOCAL_CLOSED; // an event loop that has been shut down
        }
        return switch (refusal.reason()) {
            case SHUTTING_DOWN -> Kind.LOCAL_CLOSED;
            case CIRCUIT_OPEN, SUSPENDED -> Kind.OTHER;
            default -> Kind.RESOURCE_EXHAUSTED;
        };
    }

    private static Kind tlsKind(SSLException failure) {
        if (failure instanceof NotSslRecordException) {
            return Kind.NOT_TLS;
        }
        if (failure instanceof SslHandshakeTimeoutException) { // an SSLHandshakeException
            return Kind.TLS_TIMEOUT;
        }
        if (failure instanceof SslClosedEngineException) {
            return Kind.LOCAL_CLOSED;
        }
        if (failure instanceof SSLPeerUnverifiedException || hasCertificateCause(failure)) {
            return Kind.TLS_CERTIFICATE;
        }
        String text = text(failure);
        if (text.contains("unrecognized ssl message")) {
            return Kind.NOT_TLS;
        }
        // Alerts of the peer, and the words of the engines: "certificate_unknown", "CERTIFICATE_VERIFY_FAILED", …
        if (text.contains("certificate") || text.contains("unknown_ca") || text.contains("null cert chain")) {
            return Kind.TLS_CERTIFICATE;
        }
        if (text.contains("before receiving peer's close_notify")) {
            return Kind.PEER_CLOSED;
        }
        boolean handshake = failure instanceof SSLHandshakeException
                || failure instanceof SSLProtocolException
                || failure instanceof SSLKeyException
                || text.contains("handshake");
        if (handshake) {
            return Kind.TLS_HANDSHAKE;
        }
        // An SSLException around a reset tells of the reset; one without a cause is a record that breaks the rules.
        return failure.getCause() instanceof IOException ? Kind.OTHER : Kind.PROTOCOL;
    }

    private static boolean hasCertificateCause(Throwable failure) {
        Throwable cause = failure.getCause();
        for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
            if (isAboutCertificates(cause)) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    private static boolean isAboutCertificates(Throwable failure) {
        return failure instanceof CertificateException
                || failure instanceof CertPathValidatorException
                || failure instanceof CertPathBuilderException;
    }

    private static String text(Throwable failure) {
        String message = failure.getMessage();
        return message == null ? "" : message.toLowerCase(Locale.ROOT);
    }
}
