package io.nettoolkit.tcp;

import io.nettoolkit.core.CloseReason;
import io.nettoolkit.core.ConnectionListener;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A server on a free loopback port with what a black-box test asks of it, and plain JDK sockets against it. */
final class Rig implements AutoCloseable, ConnectionListener {

    static final Framing FRAMING =
            Framing.lengthField().maxFrameBytes(64 * 1024).build();
    static final FrameHandler ECHO = (connection, frame) -> {
        if (!connection.trySend(frame.retain())) {
            frame.release();
            throw new IllegalStateException("the write queue is full");
        }
    };

    /** How long a test waits for what should happen at once, on a machine that is busy with other things. */
    static final int PATIENCE_SECONDS = 30;

    /** A queue without locks: its writers are event loops, where waiting for one is an error. */
    final BlockingQueue<CloseReason> closes = new LinkedTransferQueue<>();

    final BlockingQueue<Exception> rejects = new LinkedTransferQueue<>();
    final EventLoops loops;
    final TcpServer server;
    final InetSocketAddress address;

    Rig(Transport transport, FrameHandler handler, UnaryOperator<TcpServer.Builder> options) {
        loops = TransportMatrix.loops(transport);
        server = options.apply(
                        TcpServer.builder(FRAMING, handler).eventLoops(loops).listener(this))
                .build();
        address = server.bind(Endpoint.of("127.0.0.1", 0)).join();
    }

    Rig(Transport transport, FrameHandler handler) {
        this(transport, handler, options -> options);
    }

    Endpoint endpoint() {
        return Endpoint.of("127.0.0.1", address.getPort());
    }

    @Override
    public void onClose(io.netty.channel.Channel channel, CloseReason reason, io.nettoolkit.core.ConnectionTimeline t) {
        closes.add(reason);
    }

    @Override
    public void onReject(SocketAddress remote, Exception cause) {
        rejects.add(cause);
    }

    CloseReason nextClose() throws InterruptedException {
        return taken(closes, "a close");
    }

    Exception nextReject() throws InterruptedException {
        return taken(rejects, "a refusal");
    }

    private static <T> T taken(BlockingQueue<T> queue, String what) throws InterruptedException {
        T next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no word of " + what + " within " + PATIENCE_SECONDS + " s");
        }
        return next;
    }

    /** A blocking socket to the server whose reads give up after the patience of a test. */
    Socket connect() throws IOException {
        return connectFrom("127.0.0.1");
    }

    Socket connectFrom(String localAddress) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_SECONDS * 1000);
        socket.setTcpNoDelay(true);
        socket.bind(new InetSocketAddress(localAddress, 0));
        try {
            socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), address.getPort()), 10_000);
        } catch (IOException refused) {
            socket.close();
            throw refused;
        }
        return socket;
    }

    static void send(Socket socket, String payload) throws IOException {
        byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        ByteBuf frame = Unpooled.buffer(bytes.length + 4).writeInt(bytes.length).writeBytes(bytes);
        out.write(frame.array(), 0, frame.readableBytes());
        out.flush();
    }

    static String receive(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Proves that the server still serves others. */
    void expectService() throws IOException {
        try (Socket socket = connect()) {
            send(socket, "are you there");
            if (!receive(socket).equals("are you there")) {
                throw new AssertionError("another answer");
            }
        }
    }

    @Override
    public void close() {
        server.close();
        loops.close();
    }
}
