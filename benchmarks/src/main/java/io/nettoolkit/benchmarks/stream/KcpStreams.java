package io.nettoolkit.benchmarks.stream;

import io.jpower.kcp.netty.ChannelOptionHelper;
import io.jpower.kcp.netty.UkcpChannelOption;
import io.jpower.kcp.netty.UkcpClientChannel;
import io.jpower.kcp.netty.UkcpServerChannel;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.UkcpServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A stream over kcp-netty, which runs on NIO alone; with the settings its authors call fastest, and large windows. It was built
 * for Netty 4.1 and does not run on 4.2, so its processes have 4.1 before ours on their class path.
 */
final class KcpStreams {

    private static final int CONVERSATION = 10;
    private static final int INTERVAL_MILLIS = 10;
    private static final int FAST_RESEND = 2;
    private static final int WINDOW_PACKETS = 2048;

    /** Where the build puts the Netty it needs. */
    private static final String JARS = "/netty-4.1/";

    private KcpStreams() {}

    /** Its Netty, then everything else. */
    static String classPath() {
        StringBuilder path = new StringBuilder();
        try {
            Path directory = Files.createTempDirectory("netty-4.1");
            directory.toFile().deleteOnExit();
            for (String name : List.of("netty-common", "netty-buffer", "netty-transport", "netty-resolver")) {
                Path jar = directory.resolve(name + ".jar");
                jar.toFile().deleteOnExit();
                try (InputStream bytes = KcpStreams.class.getResourceAsStream(JARS + name + ".jar")) {
                    Files.copy(Objects.requireNonNull(bytes, "this build did not bring " + jar.getFileName()), jar);
                }
                path.append(jar).append(File.pathSeparatorChar);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return path.append(System.getProperty("java.class.path")).toString();
    }

    @SuppressWarnings("deprecation") // it insists on this kind of loop
    private static EventLoopGroup group() {
        return new NioEventLoopGroup(1);
    }

    static Channel bind(Supplier<ChannelHandler> handler) throws InterruptedException {
        UkcpServerBootstrap bootstrap = new UkcpServerBootstrap();
        bootstrap.group(group()).channel(UkcpServerChannel.class).childHandler(StreamContestant.each(handler));
        ChannelOptionHelper.nodelay(bootstrap, true, INTERVAL_MILLIS, FAST_RESEND, true)
                .childOption(UkcpChannelOption.UKCP_MTU, StreamContestant.DATAGRAM_BYTES)
                .childOption(UkcpChannelOption.UKCP_STREAM, true)
                .childOption(UkcpChannelOption.UKCP_FAST_FLUSH, true)
                .childOption(UkcpChannelOption.UKCP_RCV_WND, WINDOW_PACKETS)
                .childOption(UkcpChannelOption.UKCP_SND_WND, WINDOW_PACKETS)
                .childOption(UkcpChannelOption.UKCP_AUTO_SET_CONV, true);
        return bootstrap
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    static Channel connect(int port, ChannelHandler handler) throws InterruptedException {
        Bootstrap bootstrap =
                new Bootstrap().group(group()).channel(UkcpClientChannel.class).handler(handler);
        ChannelOptionHelper.nodelay(bootstrap, true, INTERVAL_MILLIS, FAST_RESEND, true)
                .option(UkcpChannelOption.UKCP_MTU, StreamContestant.DATAGRAM_BYTES)
                .option(UkcpChannelOption.UKCP_STREAM, true)
                .option(UkcpChannelOption.UKCP_FAST_FLUSH, true)
                .option(UkcpChannelOption.UKCP_RCV_WND, WINDOW_PACKETS)
                .option(UkcpChannelOption.UKCP_SND_WND, WINDOW_PACKETS);
        Channel channel =
                bootstrap.connect(InetAddress.getLoopbackAddress(), port).sync().channel();
        ((UkcpClientChannel) channel).conv(CONVERSATION);
        return channel;
    }
}
