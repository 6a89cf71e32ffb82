package io.nettoolkit.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.function.BooleanSupplier;

/** A server, a proxy before it, and blocking sockets through it, all driven by the test's own thread. */
final class ProxyPair implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 10_000;

    final ServerSocket listener;
    final FaultProxy proxy;

    ProxyPair() {
        listener = newListener();
        proxy = FaultProxy.to(listener.getLocalSocketAddress());
    }

    ProxyPair(EventLoopGroup group) {
        listener = newListener();
        proxy = FaultProxy.to(listener.getLocalSocketAddress(), group);
    }

    private static ServerSocket newListener() {
        try {
            ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            listener.setSoTimeout(TIMEOUT_MILLIS);
            return listener;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A connection through the proxy, seen from both ends. */
    record Ends(Socket client, Socket server) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    Ends connect() throws IOException {
        Socket client = connectClient();
        return new Ends(client, accept());
    }

    Socket connectClient() throws IOException {
        Socket client = new Socket(proxy.address().getAddress(), proxy.port());
        client.setSoTimeout(TIMEOUT_MILLIS);
        return client;
    }

    Socket accept() throws IOException {
        Socket server = listener.accept();
        server.setSoTimeout(TIMEOUT_MILLIS);
        return server;
    }

    static void send(Socket socket, int... bytes) throws IOException {
        byte[] message = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            message[i] = (byte) bytes[i];
        }
        socket.getOutputStream().write(message);
    }

    static void assertReceives(Socket socket, int... bytes) throws IOException {
        for (int expected : bytes) {
            assertThat(socket.getInputStream().read()).isEqualTo(expected);
        }
    }

    static void assertEndOfStream(Socket socket) throws IOException {
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }

    static void assertReset(Socket socket) throws IOException {
        try {
            int read = socket.getInputStream().read();
            throw new AssertionError("read " + read + " instead of a reset");
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }

    /** Waits in real time for what other threads do; fails after 10 s. */
    static void awaitTrue(BooleanSupplier condition) {
        long deadline = System.currentTimeMillis() + TIMEOUT_MILLIS;
        while (!condition.getAsBoolean()) {
            assertThat(System.currentTimeMillis()).as("waited for 10 s").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        listener.close();
    }
}
