package io.nettoolkit.tcp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * A process full of clients: {@code PORT COUNT}. Connects all of them, then has each send a frame and read its echo, says
 * so, and closes them when told to.
 */
final class ManyClients {

    private static final int PER_ADDRESS = 2_500;

    private ManyClients() {}

    public static void main(String[] arguments) throws IOException {
        InetSocketAddress server = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        int count = Integer.parseInt(arguments[1]);
        List<SocketChannel> clients = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            SocketChannel client = SocketChannel.open();
            // Several addresses of its own: one does not have so many ports to spare.
            client.bind(new InetSocketAddress("127.0.0." + (10 + i / PER_ADDRESS), 0));
            client.connect(server);
            clients.add(client);
        }
        System.out.println("connected " + count);
        for (int i = 0; i < count; i++) {
            clients.get(i).write(ByteBuffer.allocate(8).putInt(4).putInt(i).flip());
        }
        for (int i = 0; i < count; i++) {
            ByteBuffer echo = ByteBuffer.allocate(8);
            while (echo.hasRemaining() && clients.get(i).read(echo) >= 0) {
                // the rest of it
            }
            if (echo.flip().remaining() != 8 || echo.getInt() != 4 || echo.getInt() != i) {
                throw new IOException("client " + i + " got no echo");
            }
        }
        System.out.println("served " + count);
        if (System.in.read() < 0) {
            throw new IOException("nobody said when to close");
        }
        for (SocketChannel client : clients) {
            client.close();
        }
        System.out.println("closed " + count);
    }
}
