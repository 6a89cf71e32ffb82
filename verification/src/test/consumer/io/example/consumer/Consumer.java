package io.example.consumer;

import io.netty.buffer.Unpooled;
import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.tcp.Connection;
import io.nettoolkit.tcp.Framing;
import io.nettoolkit.tcp.TcpClient;
import io.nettoolkit.tcp.TcpServer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** A small application on the module path. */
public final class Consumer {

    private Consumer() {}

    public static void main(String[] args) {
        Deadline deadline = Deadline.after(Duration.ofSeconds(5));
        if (deadline.isExpired()) {
            throw new AssertionError(deadline);
        }
        echo();
        System.out.println("modules: "
                + ModuleLayer.boot().modules().stream()
                        .map(Module::getName)
                        .filter(name -> name.startsWith("io.nettoolkit."))
                        .sorted()
                        .collect(Collectors.joining(" ")));
    }

    private static void echo() {
        Framing framing = Framing.varint(1024);
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        try (EventLoops loops = EventLoops.builder().threads(1).build();
                TcpServer server = TcpServer.builder(framing, (connection, frame) -> connection.send(frame.retain()))
                        .eventLoops(loops)
                        .build();
                TcpClient client = TcpClient.builder(
                                framing, (connection, frame) -> answer.complete(frame.readableBytes()))
                        .eventLoops(loops)
                        .build()) {
            InetSocketAddress address = server.bind(Endpoint.of("127.0.0.1", 0)).join();
            Endpoint endpoint = Endpoint.of("127.0.0.1", address.getPort());
            Connection connection = client.connect(endpoint, Deadline.after(Duration.ofSeconds(5))).join();
            connection.send(Unpooled.wrappedBuffer(new byte[42])).join();
            if (answer.join() != 42) {
                throw new AssertionError(answer);
            }
        }
    }
}
