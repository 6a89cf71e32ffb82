package io.nettoolkit.core.internal;

import io.nettoolkit.core.NetFailure.Kind;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerAdapter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Run in a child JVM: connects until nothing is left to connect with, and prints what kind of failure that was. */
public final class DescriptorEater {

    private DescriptorEater() {}

    /** Takes the name of a {@link TestTransport}. */
    public static void main(String[] args) throws Exception {
        TestTransport transport = TestTransport.valueOf(args[0]);
        // Loaded now, while descriptors are left for opening jars.
        Kind.of(new java.io.IOException("Too many open files"));
        List<ChannelFuture> connected = new ArrayList<>();
        ServerSocket server = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
        InetSocketAddress address = new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
        Throwable failure = null;
        for (int i = 0; i < 1000 && failure == null; i++) {
            try {
                ChannelFuture attempt = transport
                        .bootstrap()
                        .handler(new ChannelHandlerAdapter() {})
                        .connect(address)
                        .await();
                failure = attempt.cause();
                connected.add(attempt);
            } catch (RuntimeException notEvenAChannel) {
                failure = notEvenAChannel;
            }
        }
        System.out.println("kind " + (failure == null ? "none" : Kind.of(failure)));
        System.out.println(failure + " after " + connected.size());
        Runtime.getRuntime().halt(0);
    }
}
