package io.nettoolkit.udp.internal.datagram;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.socket.DatagramChannel;
import io.netty.util.UncheckedBooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BatchedReadsTest {

    private static final int DATAGRAM_BYTES = 100;
    private static final int PER_CALL = 8;
    private static final int PER_BURST = 20;

    @ParameterizedTest
    @MethodSource("io.nettoolkit.udp.TransportMatrix#available")
    void readsOnAfterACallThatBroughtAllItCouldAndOnEpollAfterNoOther(Transport transport) {
        try (EventLoops loops =
                EventLoops.builder().transport(transport).threads(1).build()) {
            DatagramChannel socket = loops.datagramChannelFactory().newChannel();
            ExtendedHandle handle = (ExtendedHandle)
                    BatchedReads.of(socket, DATAGRAM_BYTES, PER_CALL, PER_BURST).newHandle();
            handle.reset(socket.config());
            assertThat(handle.guess()).isEqualTo(PER_CALL * DATAGRAM_BYTES);

            assertThat(goesOnAfter(handle, PER_CALL)).isTrue();
            assertThat(goesOnAfter(handle, PER_CALL - 1)).isEqualTo(transport != Transport.EPOLL);
            assertThat(goesOnAfter(handle, PER_CALL)).as("others wait").isFalse();
            socket.unsafe().closeForcibly();
        }
    }

    private static boolean goesOnAfter(ExtendedHandle handle, int datagrams) {
        handle.allocate(UnpooledByteBufAllocator.DEFAULT).release();
        handle.attemptedBytesRead(PER_CALL * DATAGRAM_BYTES);
        handle.lastBytesRead(datagrams * DATAGRAM_BYTES);
        handle.incMessagesRead(datagrams);
        return handle.continueReading(UncheckedBooleanSupplier.TRUE_SUPPLIER);
    }
}
