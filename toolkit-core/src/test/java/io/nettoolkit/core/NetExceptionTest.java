package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NetExceptionTest {

    private static final InetSocketAddress LOCAL = new InetSocketAddress("10.0.0.1", 5000);
    private static final InetSocketAddress REMOTE = new InetSocketAddress("10.0.0.2", 80);

    @Test
    void tellsOperationPeersTimeAndDetail() {
        NetException failure = NetException.builder(Kind.FRAME_TOO_LARGE, Operation.DECODE)
                .local(LOCAL)
                .remote(REMOTE)
                .elapsed(Duration.ofNanos(3_210_000))
                .detail("1347703880 bytes claimed, the limit is 1048576; this looks like HTTP")
                .build();

        assertThat(failure)
                .hasMessage("decode 10.0.0.1:5000 -> 10.0.0.2:80 failed with FRAME_TOO_LARGE after 3.21 ms:"
                        + " 1347703880 bytes claimed, the limit is 1048576; this looks like HTTP")
                .hasNoCause();
        assertThat(failure.kind()).isEqualTo(Kind.FRAME_TOO_LARGE);
        assertThat(failure.operation()).isEqualTo(Operation.DECODE);
        assertThat(failure.local()).isEqualTo(LOCAL);
        assertThat(failure.remote()).isEqualTo(REMOTE);
        assertThat(failure.elapsed()).isEqualTo(Duration.ofNanos(3_210_000));
        assertThat(failure.isRetryable()).isFalse();
        assertThat(failure.isTimeout()).isFalse();
    }

    @Test
    void leavesOutWhatIsNotKnown() {
        assertThat(NetException.builder(Kind.PROTOCOL, Operation.READ).build()).hasMessage("read failed with PROTOCOL");
        assertThat(NetException.builder(Kind.PROTOCOL, Operation.READ)
                        .remote(REMOTE)
                        .build())
                .hasMessage("read 10.0.0.2:80 failed with PROTOCOL");
        assertThat(NetException.builder(Kind.RESET, Operation.WRITE)
                        .cause(new IOException())
                        .build())
                .hasMessage("write failed with RESET: IOException");
    }

    @Test
    void saysWhatTheCauseSaidAndWhatToDo() {
        NetException failure = NetException.of(
                new CompletionException(new ConnectException("Connection refused")),
                Operation.CONNECT,
                null,
                REMOTE,
                Duration.ofMillis(12));

        assertThat(failure)
                .hasMessage("connect 10.0.0.2:80 failed with CONNECT_REFUSED after 12.0 ms: Connection refused;"
                        + " nothing listens there: check the address, and that the server runs")
                .hasCauseExactlyInstanceOf(ConnectException.class);
    }

    @Test
    void leavesANetExceptionAsItIsAlsoInsideAWrapper() {
        NetException original = NetException.builder(Kind.RESET, Operation.READ).build();

        assertThat(NetException.of(original, Operation.WRITE, null, null, null)).isSameAs(original);
        assertThat(NetException.of(new CompletionException(original), Operation.WRITE, null, null, null))
                .isSameAs(original);
    }

    @Test
    void isRetryableOnlyWhereNoWorkReachedThePeer() {
        Set<Operation> retryable = Stream.of(Operation.values())
                .filter(operation -> NetException.of(new IOException(), operation, null, null, null)
                        .isRetryable())
                .collect(Collectors.toSet());

        assertThat(retryable).containsExactlyInAnyOrder(Operation.RESOLVE, Operation.CONNECT, Operation.ACQUIRE);
    }

    @Test
    void believesAFailureThatSaysWhetherItIsRetryable() {
        assertThat(NetException.of(new OwnFailure(true), Operation.READ, null, null, null))
                .satisfies(failure -> assertThat(failure.isRetryable()).isTrue())
                .satisfies(failure -> assertThat(failure.kind()).isEqualTo(Kind.DNS_TIMEOUT));
        assertThat(NetException.of(new OwnFailure(false), Operation.CONNECT, null, null, null)
                        .isRetryable())
                .isFalse();
    }

    @Test
    void namesABareTimeoutAfterItsOperation() {
        assertThat(NetException.of(new TimeoutException(), Operation.CONNECT, null, null, null)
                        .kind())
                .isEqualTo(Kind.CONNECT_TIMEOUT);
        assertThat(NetException.of(new TimeoutException(), Operation.ACQUIRE, null, null, null)
                        .isTimeout())
                .isTrue();
    }

    @Test
    void knowsWhichKindsAreTimeouts() {
        assertThat(Stream.of(Kind.values()).filter(Kind::isTimeout).map(Kind::name))
                .containsExactlyInAnyOrderElementsOf(Stream.of(Kind.values())
                        .map(Kind::name)
                        .filter(name -> name.endsWith("_TIMEOUT"))
                        .toList());
    }

    @Test
    void survivesSerializationWithoutItsAddresses() throws Exception {
        NetException failure = NetException.of(
                new ConnectException("refused"), Operation.CONNECT, LOCAL, REMOTE, Duration.ofMillis(1));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(failure);
        }
        NetException copy;
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            copy = (NetException) in.readObject();
        }

        assertThat(copy).hasMessage(failure.getMessage());
        assertThat(copy.kind()).isEqualTo(Kind.CONNECT_REFUSED);
        assertThat(copy.elapsed()).isEqualTo(Duration.ofMillis(1));
        assertThat(copy.remote()).isNull();
    }

    @Test
    void namesTheMissingArgument() {
        assertThatNullPointerException()
                .isThrownBy(() -> NetException.builder(null, Operation.READ))
                .withMessageContaining("kind");
        assertThatNullPointerException()
                .isThrownBy(() -> NetException.builder(Kind.RESET, null))
                .withMessageContaining("operation");
        assertThatNullPointerException()
                .isThrownBy(() -> NetException.of(null, Operation.READ, null, null, null))
                .withMessageContaining("failure");
    }

    private static final class OwnFailure extends UnknownHostException implements NetFailure {
        private static final long serialVersionUID = 1;
        private final boolean retryable;

        OwnFailure(boolean retryable) {
            this.retryable = retryable;
        }

        @Override
        public Kind kind() {
            return Kind.DNS_TIMEOUT;
        }

        @Override
        public Operation operation() {
            return Operation.RESOLVE;
        }

        @Override
        public boolean isRetryable() {
            return retryable;
        }
    }
}
