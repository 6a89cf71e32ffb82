package io.nettoolkit.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.netty.channel.ChannelException;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.unix.Errors;
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
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class FailureClassifierTest {

    static Stream<Arguments> failuresOfTheJdk() {
        return Stream.of(
                arguments(new ConnectException("Connection refused"), Kind.CONNECT_REFUSED),
                arguments(new ConnectException(), Kind.CONNECT_REFUSED),
                arguments(new ConnectException("Connection timed out"), Kind.CONNECT_TIMEOUT),
                arguments(new SocketTimeoutException("Connect timed out"), Kind.CONNECT_TIMEOUT),
                arguments(new SocketTimeoutException("Read timed out"), Kind.READ_TIMEOUT),
                arguments(new SocketTimeoutException(), Kind.READ_TIMEOUT),
                arguments(new NoRouteToHostException("No route to host"), Kind.UNREACHABLE),
                arguments(new SocketException("Network is unreachable"), Kind.UNREACHABLE),
                arguments(new PortUnreachableException(), Kind.CONNECT_REFUSED),
                arguments(new SocketException("Connection reset"), Kind.RESET),
                arguments(new SocketException("Message too long"), Kind.FRAME_TOO_LARGE),
                arguments(new IOException("Connection reset by peer"), Kind.RESET),
                arguments(new IOException("Broken pipe"), Kind.RESET),
                arguments(new IOException("Connection timed out"), Kind.PATH_LOST),
                arguments(new IOException("An existing connection was forcibly closed by the remote host"), Kind.RESET),
                arguments(
                        new IOException("An established connection was aborted by the software in your host machine"),
                        Kind.RESET),
                arguments(new SocketException("Software caused connection abort"), Kind.RESET),
                arguments(new BindException("Address already in use"), Kind.ADDRESS_IN_USE),
                arguments(new BindException("Address already in use: bind"), Kind.ADDRESS_IN_USE),
                arguments(new SocketException("Permission denied"), Kind.PERMISSION),
                arguments(new BindException("Permission denied"), Kind.PERMISSION),
                arguments(new AccessDeniedException("/run/app.sock"), Kind.PERMISSION),
                arguments(new SecurityException(), Kind.PERMISSION),
                arguments(new BindException("Cannot assign requested address"), Kind.OTHER),
                arguments(
                        new SocketException("Cannot assign requested address: /192.0.2.1:80"), Kind.RESOURCE_EXHAUSTED),
                arguments(new SocketException("No such file or directory"), Kind.CONNECT_REFUSED),
                arguments(new IOException("error=2, No such file or directory"), Kind.OTHER),
                arguments(new FileNotFoundException("hosts (No such file or directory)"), Kind.OTHER),
                arguments(new IOException("Too many open files"), Kind.RESOURCE_EXHAUSTED),
                arguments(new SocketException("Too many open files in system"), Kind.RESOURCE_EXHAUSTED),
                arguments(new IOException("No buffer space available"), Kind.RESOURCE_EXHAUSTED),
                arguments(new IOException("Cannot allocate memory"), Kind.RESOURCE_EXHAUSTED),
                arguments(new OutOfMemoryError("unable to create native thread"), Kind.RESOURCE_EXHAUSTED),
                arguments(new UnknownHostException("nosuch"), Kind.DNS_NO_SUCH_NAME),
                arguments(new UnknownHostException("a: Temporary failure in name resolution"), Kind.DNS_SERVER_FAILURE),
                arguments(new UnresolvedAddressException(), Kind.DNS_NO_SUCH_NAME),
                arguments(new EOFException(), Kind.PEER_CLOSED),
                arguments(new ClosedChannelException(), Kind.LOCAL_CLOSED),
                arguments(new AsynchronousCloseException(), Kind.LOCAL_CLOSED),
                arguments(new SocketException("Socket closed"), Kind.LOCAL_CLOSED),
                arguments(new SocketException("Socket is closed"), Kind.LOCAL_CLOSED),
                arguments(new CancellationException(), Kind.CANCELLED),
                arguments(new InterruptedException(), Kind.CANCELLED),
                arguments(new TimeoutException(), Kind.REQUEST_TIMEOUT),
                arguments(new RejectedExecutionException("event executor terminated"), Kind.LOCAL_CLOSED),
                arguments(new IOException(), Kind.OTHER),
                arguments(new IllegalStateException("Connection reset"), Kind.OTHER),
                arguments(new StackOverflowError(), Kind.OTHER));
    }

    static Stream<Arguments> failuresOfTls() {
        return Stream.of(
                arguments(new NotSslRecordException("not an SSL/TLS record: 48"), Kind.NOT_TLS),
                arguments(new SSLException("Unsupported or unrecognized SSL message"), Kind.NOT_TLS),
                arguments(new SslHandshakeTimeoutException("handshake timed out after 10000ms"), Kind.TLS_TIMEOUT),
                arguments(new SSLHandshakeException("no cipher suites in common"), Kind.TLS_HANDSHAKE),
                arguments(new SSLHandshakeException("Received fatal alert: handshake_failure"), Kind.TLS_HANDSHAKE),
                arguments(new SSLException("Received close_notify during handshake"), Kind.TLS_HANDSHAKE),
                arguments(new SSLHandshakeException("Received fatal alert: certificate_unknown"), Kind.TLS_CERTIFICATE),
                arguments(new SSLHandshakeException("Received fatal alert: bad_certificate"), Kind.TLS_CERTIFICATE),
                arguments(new SSLException("Received fatal alert: certificate_required"), Kind.TLS_CERTIFICATE),
                arguments(new SSLHandshakeException("Received fatal alert: unknown_ca"), Kind.TLS_CERTIFICATE),
                arguments(new SSLHandshakeException("Empty client certificate chain"), Kind.TLS_CERTIFICATE),
                arguments(
                        new SSLHandshakeException("error:10000418:SSL routines::TLSV1_ALERT_UNKNOWN_CA"),
                        Kind.TLS_CERTIFICATE),
                arguments(
                        new SSLHandshakeException("General OpenSslEngine problem")
                                .initCause(new CertificateExpiredException()),
                        Kind.TLS_CERTIFICATE),
                arguments(
                        new SSLHandshakeException("PKIX")
                                .initCause(new IllegalStateException(new CertPathValidatorException())),
                        Kind.TLS_CERTIFICATE),
                arguments(new SSLPeerUnverifiedException("peer not authenticated"), Kind.TLS_CERTIFICATE),
                arguments(new CertificateExpiredException(), Kind.TLS_CERTIFICATE),
                arguments(new SSLException("Tag mismatch"), Kind.PROTOCOL),
                arguments(new SSLException("failure when writing", new IOException("Broken pipe")), Kind.RESET),
                arguments(new SSLException("closing inbound before receiving peer's close_notify"), Kind.PEER_CLOSED),
                arguments(new SslClosedEngineException("SSLEngine closed already"), Kind.LOCAL_CLOSED));
    }

    static Stream<Arguments> failuresOfNetty() {
        return Stream.of(
                arguments(new ConnectTimeoutException("connection timed out after 5000 ms"), Kind.CONNECT_TIMEOUT),
                arguments(ReadTimeoutException.INSTANCE, Kind.READ_TIMEOUT),
                arguments(WriteTimeoutException.INSTANCE, Kind.WRITE_TIMEOUT),
                arguments(new TooLongFrameException(), Kind.FRAME_TOO_LARGE),
                arguments(new CorruptedFrameException(), Kind.FRAME_CORRUPT),
                arguments(new DecoderException("odd"), Kind.FRAME_CORRUPT),
                arguments(new DecoderException(new NotSslRecordException("x")), Kind.NOT_TLS),
                arguments(new DecoderException(new IndexOutOfBoundsException()), Kind.OTHER),
                arguments(new EncoderException(new IOException("Broken pipe")), Kind.RESET),
                arguments(new PrematureChannelClosureException(), Kind.FRAME_TRUNCATED),
                arguments(new ChannelOutputShutdownException("Channel output shutdown"), Kind.LOCAL_CLOSED),
                arguments(
                        new ChannelOutputShutdownException("Channel output shutdown", new IOException("Broken pipe")),
                        Kind.RESET),
                arguments(new ClosedChannelException().initCause(new SocketException("Connection reset")), Kind.RESET),
                arguments(new ClosedChannelException().initCause(new ClosedChannelException()), Kind.LOCAL_CLOSED),
                arguments(new ClosedChannelException().initCause(new IllegalStateException()), Kind.LOCAL_CLOSED),
                arguments(
                        new ChannelException("Failed to open a socket.", new SocketException("Too many open files")),
                        Kind.RESOURCE_EXHAUSTED),
                arguments(
                        new IllegalStateException(
                                "failed to create a child event loop", new IOException("Too many open files")),
                        Kind.RESOURCE_EXHAUSTED),
                arguments(
                        new ConnectException("finishConnect(..) failed with error(-111): Verbindungsaufbau abgelehnt"),
                        Kind.CONNECT_REFUSED),
                arguments(
                        new ConnectException("io_uring connect(..) failed with error(-110): odd words"),
                        Kind.CONNECT_TIMEOUT),
                arguments(
                        new ConnectException("connect(..) failed with error(-99): odd words"), Kind.RESOURCE_EXHAUSTED),
                arguments(new ConnectException("connect(..) failed with error(-11): odd words"), Kind.CONNECT_REFUSED),
                arguments(new FileNotFoundException(), Kind.CONNECT_REFUSED));
    }

    @ParameterizedTest
    @MethodSource({"failuresOfTheJdk", "failuresOfTls", "failuresOfNetty"})
    void knowsTheKindOfAFailure(Throwable failure, Kind kind) {
        assertThat(Kind.of(failure)).isEqualTo(kind);
        assertThat(Kind.of(new CompletionException(failure))).isEqualTo(kind);
        assertThat(Kind.of(new ExecutionException(new CompletionException(failure))))
                .isEqualTo(kind);
    }

    @ParameterizedTest
    @CsvSource({
        "1, PERMISSION",
        "12, RESOURCE_EXHAUSTED",
        "13, PERMISSION",
        "23, RESOURCE_EXHAUSTED",
        "24, RESOURCE_EXHAUSTED",
        "32, RESET",
        "98, ADDRESS_IN_USE",
        "99, OTHER",
        "100, UNREACHABLE",
        "101, UNREACHABLE",
        "103, RESET",
        "104, RESET",
        "105, RESOURCE_EXHAUSTED",
        "108, LOCAL_CLOSED",
        "110, PATH_LOST",
        "111, CONNECT_REFUSED",
        "112, UNREACHABLE",
        "113, UNREACHABLE",
        "125, CANCELLED",
        "22, OTHER",
    })
    void goesByTheNumberOfANativeFailure(int errno, Kind kind) {
        assumeTrue(Epoll.isAvailable(), "needs a native transport, and Linux for the numbers");

        assertThat(Kind.of(new Errors.NativeIoException("read", -errno))).isEqualTo(kind);
    }

    /** The two columns of the table against what Netty's native library knows on this system. */
    @Test
    void hasTheNumbersOfThisSystem() {
        assumeTrue(Epoll.isAvailable(), "needs a native transport");

        assertThat(Errno.ofNumber(Errors.ERRNO_EPIPE_NEGATIVE)).isEqualTo(Errno.EPIPE);
        assertThat(Errno.ofNumber(Errors.ERRNO_ECONNRESET_NEGATIVE)).isEqualTo(Errno.ECONNRESET);
        assertThat(Errno.ofNumber(Errors.ERROR_ECONNREFUSED_NEGATIVE)).isEqualTo(Errno.ECONNREFUSED);
        assertThat(Errno.ofNumber(Errors.ERROR_ENETUNREACH_NEGATIVE)).isEqualTo(Errno.ENETUNREACH);
        assertThat(Errno.ofNumber(Errors.ERROR_EHOSTUNREACH_NEGATIVE)).isEqualTo(Errno.EHOSTUNREACH);
        assertThat(Errno.ofNumber(Errors.ERRNO_ENOENT_NEGATIVE)).isEqualTo(Errno.ENOENT);
        assertThat(Errno.ofNumber(Integer.MIN_VALUE)).isNull();
    }

    @Test
    void findsTheKnownFailureInsideWrappers() {
        NetException known =
                NetException.builder(Kind.FRAME_CHECKSUM, Operation.DECODE).build();

        assertThat(Kind.of(new DecoderException(known))).isEqualTo(Kind.FRAME_CHECKSUM);
        assertThat(Kind.of(new UncheckedIOException(known))).isEqualTo(Kind.FRAME_CHECKSUM);
        assertThat(Kind.of(new IllegalStateException("mine", known))).isEqualTo(Kind.FRAME_CHECKSUM);
        assertThat(FailureClassifier.unwrap(new CompletionException(new DecoderException(known))))
                .isSameAs(known);
        CompletionException bare = new CompletionException("nothing inside", null);
        assertThat(FailureClassifier.unwrap(bare)).isSameAs(bare);
        TooLongFrameException meaningful = new TooLongFrameException(new IOException());
        assertThat(FailureClassifier.unwrap(meaningful)).isSameAs(meaningful);
    }

    @ParameterizedTest
    @CsvSource({
        "RESOLVE, DNS_TIMEOUT",
        "CONNECT, CONNECT_TIMEOUT",
        "TLS, TLS_TIMEOUT",
        "READ, READ_TIMEOUT",
        "WRITE, WRITE_TIMEOUT",
        "ACQUIRE, ACQUIRE_TIMEOUT",
        "REQUEST, REQUEST_TIMEOUT",
    })
    void namesABareTimeoutAfterTheOperation(Operation operation, Kind kind) {
        assertThat(FailureClassifier.kindOf(new TimeoutException(), operation)).isEqualTo(kind);
        assertThat(FailureClassifier.kindOf(new AcquireTimeoutException(), operation))
                .isEqualTo(Kind.ACQUIRE_TIMEOUT);
    }

    @ParameterizedTest
    @CsvSource({
        "SHUTTING_DOWN, LOCAL_CLOSED",
        "CONNECTION_LIMIT, RESOURCE_EXHAUSTED",
        "WRITE_BUFFER_FULL, RESOURCE_EXHAUSTED",
        "CIRCUIT_OPEN, OTHER",
        "SUSPENDED, OTHER",
    })
    void translatesRefusals(Reason reason, Kind kind) {
        assertThat(Kind.of(new RejectedException("x", reason, Duration.ZERO, "")))
                .isEqualTo(kind);
    }

    @Test
    void comesToAnEndInCirclesOfCauses() {
        IllegalStateException one = new IllegalStateException("one");
        CompletionException two = new CompletionException(one);
        one.initCause(two);

        assertThat(Kind.of(one)).isEqualTo(Kind.OTHER);
        assertThat(Kind.of(two)).isEqualTo(Kind.OTHER);
        DecoderException wrapper = new DecoderException("a circle of wrappers alone");
        wrapper.initCause(new DecoderException(wrapper));
        assertThat(Kind.of(wrapper)).isEqualTo(Kind.OTHER);
        assertThatNullPointerException().isThrownBy(() -> Kind.of(null)).withMessageContaining("failure");
    }

    /** The classifier in a class loader that sees neither the optional transports nor any native library. */
    @Test
    void needsNoOptionalArtifact() throws Exception {
        List<URL> jars = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!entry.matches(
                    ".*(classes-epoll|classes-io_uring|classes-kqueue|native-epoll|native-io_uring|tcnative).*")) {
                jars.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader bare = new URLClassLoader(jars.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> kind = Class.forName(Kind.class.getName(), true, bare);
            Method of = kind.getMethod("of", Throwable.class);

            assertThat(of.invoke(null, new IOException("Broken pipe"))).hasToString("RESET");
            assertThat(of.invoke(null, new SSLException("odd"))).hasToString("PROTOCOL");
            assertThat(of.invoke(null, new IllegalStateException())).hasToString("OTHER");
        }
    }

    /** Named like the private one of Netty's FixedChannelPool. */
    private static final class AcquireTimeoutException extends TimeoutException {
        private static final long serialVersionUID = 1;
    }
}
