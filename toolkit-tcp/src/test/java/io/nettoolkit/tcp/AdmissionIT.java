package io.nettoolkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.ConnectionTimeline;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.Transport;
import io.nettoolkit.testkit.LeakCheck;
import io.netty.channel.Channel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.internal.ThreadExecutorMap;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The limits of accepting where accepts come faster than connections are put together. */
class AdmissionIT {

    private static final int LIMIT = 4;

    @RegisterExtension
    static final LeakCheck LEAKS = new LeakCheck();

    static List<Transport> transports() {
        return TransportMatrix.available();
    }

    /** The loop that puts connections together stands still, so all accepts come before any of that. */
    @ParameterizedTest
    @MethodSource("transports")
    void aBurstOfAcceptsDoesNotPassTheLimit(Transport transport) throws Exception {
        Limits limits = Limits.builder().maxConnections(LIMIT).build();
        Events events = new Events();
        try (Rig rig =
                new Rig(transport, Rig.ECHO, options -> options.limits(limits).listener(events))) {
            EventExecutor accepting = overrun(rig, events, LIMIT + 1).get(0);
            CountDownLatch standStill = new CountDownLatch(1);
            for (EventExecutor loop : rig.loops.group()) {
                if (loop != accepting) {
                    loop.execute(() -> await(standStill));
                }
            }
            List<Socket> sockets = new ArrayList<>();
            try {
                for (int i = 0; i < LIMIT; i++) {
                    sockets.add(rig.connect());
                }
                for (int i = 0; i < 4 * LIMIT; i++) {
                    connectToo(rig, sockets);
                }
                for (int i = 0; i < 4 * LIMIT; i++) {
                    events.nextReject();
                }
            } finally {
                standStill.countDown();
            }
            int served = 0;
            for (Socket socket : sockets) {
                served += isServed(socket) ? 1 : 0;
            }
            assertThat(served).isEqualTo(LIMIT);
            assertThat(rig.server.stats().accepted()).isEqualTo(2 * LIMIT);
            assertThat(rig.server.stats().rejected()).isEqualTo(4 * LIMIT + 1);
            closeAll(sockets, events);
            rig.expectService();
        }
    }

    /** Connects so often, one after the other; answers where those above the limit were refused. */
    private static List<EventExecutor> overrun(Rig rig, Events events, int connects) throws Exception {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < LIMIT; i++) {
            Socket socket = rig.connect();
            sockets.add(socket);
            assertThat(isServed(socket)).isTrue();
        }
        List<EventExecutor> refusedOn = new ArrayList<>();
        for (int i = LIMIT; i < connects; i++) {
            connectToo(rig, sockets);
            refusedOn.add(events.nextReject());
        }
        closeAll(sockets, events);
        return refusedOn;
    }

    /** Above the limit: the reset may be here before the connect has returned, which is then what it reports. */
    private static void connectToo(Rig rig, List<Socket> sockets) throws IOException {
        try {
            sockets.add(rig.connect());
        } catch (SocketException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }

    private static void closeAll(List<Socket> sockets, Events events) throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        for (int i = 0; i < LIMIT; i++) {
            assertThat(events.closes.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .isNotNull();
        }
    }

    /** Connections that wait for their turn have no pipeline that would close them. */
    @ParameterizedTest
    @MethodSource("transports")
    void connectionsThatWaitForTheirTurnEndWithTheServer(Transport transport) throws Exception {
        Limits limits = Limits.builder().acceptsPerSecond(1).build();
        List<Socket> sockets = new ArrayList<>();
        try (Rig rig = new Rig(transport, Rig.ECHO, options -> options.limits(limits))) {
            for (int i = 0; i < 4; i++) {
                sockets.add(rig.connect());
            }
            // The burst of one second is one connection; the second is accepted and waits.
            assertThat(isServed(sockets.get(0))).isTrue();
        }
        for (Socket socket : sockets) {
            assertThat(endsOrIsReset(socket))
                    .as("the server is gone and its socket is not")
                    .isTrue();
            socket.close();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isServed(Socket socket) {
        try {
            Rig.send(socket, "ping");
            return Rig.receive(socket).equals("ping");
        } catch (IOException refused) {
            return false;
        }
    }

    private static boolean endsOrIsReset(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() == -1;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    /** Refusals with the loop they were told on, and closes. */
    private static final class Events implements ConnectionListener {

        final BlockingQueue<EventExecutor> rejects = new LinkedTransferQueue<>();
        final BlockingQueue<CloseReason> closes = new LinkedTransferQueue<>();

        @Override
        public void onReject(@Nullable SocketAddress remote, Exception cause) {
            if (cause instanceof RejectedException rejected && rejected.reason() == Reason.CONNECTION_LIMIT) {
                rejects.add(ThreadExecutorMap.currentExecutor());
            }
        }

        @Override
        public void onClose(Channel channel, CloseReason reason, ConnectionTimeline timeline) {
            closes.add(reason);
        }

        EventExecutor nextReject() throws InterruptedException {
            EventExecutor next = rejects.poll(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(next).as("a refusal").isNotNull();
            return next;
        }
    }
}
