package io.nettoolkit.benchmarks.run;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Many idle connections in a process of their own, because client and server together would need twice the descriptors.
 *
 * <p>Arguments: port, and how many frames each connection has echoed before it falls silent. Commands on standard
 * input: {@code open N} opens until there are N and prints {@code open N}; {@code alive} prints {@code alive N}, how
 * many the server has not closed. It ends when its standard input does, by resets, which leave nothing in TIME_WAIT.
 */
final class IdleClients {

    private static final int PER_ADDRESS = 5_000;
    private static final int PAYLOAD_BYTES = 64;

    private final int port;
    private final int frames;
    private final List<SocketChannel> channels = new ArrayList<>();

    private IdleClients(int port, int frames) {
        this.port = port;
        this.frames = frames;
    }

    public static void main(String[] arguments) throws IOException {
        IdleClients clients = new IdleClients(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]));
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            if (line.startsWith("open ")) {
                clients.open(Integer.parseInt(line.substring("open ".length())));
                System.out.println(line);
            } else {
                System.out.println("alive " + clients.alive());
            }
        }
        for (SocketChannel channel : clients.channels) {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.close();
        }
    }

    private void open(int count) throws IOException {
        while (channels.size() < count) {
            SocketChannel channel = SocketChannel.open();
            channel.bind(new InetSocketAddress(source(), 0));
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            for (int i = 0; i < frames; i++) {
                echo(channel);
            }
            channels.add(channel);
        }
    }

    /** Linux has all of 127/8 on loopback; several source addresses keep the ports of one from running out. */
    private InetAddress source() throws IOException {
        boolean linux = System.getProperty("os.name").equals("Linux");
        int third = linux ? 1 + channels.size() / PER_ADDRESS : 0;
        return InetAddress.getByAddress(new byte[] {127, 0, (byte) third, 1});
    }

    private static void echo(SocketChannel channel) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + PAYLOAD_BYTES).putInt(0, PAYLOAD_BYTES);
        channel.write(frame);
        frame.clear();
        while (frame.hasRemaining()) {
            if (channel.read(frame) < 0) {
                throw new IOException("the server closed connection " + channel);
            }
        }
    }

    private int alive() throws IOException {
        int closed = 0;
        try (Selector selector = Selector.open()) {
            for (SocketChannel channel : channels) {
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ);
            }
            selector.selectNow();
            for (SelectionKey key : selector.selectedKeys()) {
                if (((SocketChannel) key.channel()).read(ByteBuffer.allocate(1)) < 0) {
                    closed++;
                }
            }
        }
        for (SocketChannel channel : channels) {
            channel.configureBlocking(true);
        }
        return channels.size() - closed;
    }
}
