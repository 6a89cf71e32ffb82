package io.nettoolkit.core.internal.transport;

import io.nettoolkit.core.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import java.net.SocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * What a transport has to offer. Each native one is a subclass of its own, loaded by {@link #of} alone, so that nothing
 * here links to a jar that may be missing.
 */
public abstract class TransportProvider {

    private static final ConcurrentMap<Transport, TransportProvider> PROVIDERS = new ConcurrentHashMap<>();

    /** The provider of this transport; one that only explains itself where the transport is missing. */
    public static TransportProvider of(Transport transport) {
        return PROVIDERS.computeIfAbsent(transport, TransportProvider::load);
    }

    private static TransportProvider load(Transport transport) {
        NativeArtifact artifact = NativeArtifact.of(transport);
        if (artifact == null) {
            return new NioTransport();
        }
        if (!artifact.isMadeForThisSystem()) {
            return new MissingTransport(artifact.needsAnotherSystem());
        }
        try {
            TransportProvider provider = switch (transport) {
                case IO_URING -> new IoUringTransport();
                case EPOLL -> new EpollTransport();
                case KQUEUE -> new KQueueTransport();
                case NIO -> new NioTransport();
            };
            Throwable cause = provider.unavailabilityCause();
            return cause == null ? provider : new MissingTransport(artifact.explain(cause));
        } catch (LinkageError classesMissing) {
            return new MissingTransport(artifact.explain(classesMissing));
        }
    }

    /** Why it cannot be used here; {@code null} when it can. */
    public abstract @Nullable Throwable unavailabilityCause();

    /** What drives one event loop. */
    public abstract IoHandlerFactory newIoHandlerFactory();

    /** Makes listening TCP channels. */
    public abstract ChannelFactory<? extends ServerChannel> serverChannels();

    /** Makes TCP channels. */
    public abstract ChannelFactory<? extends Channel> channels();

    /** Makes UDP channels. */
    public abstract ChannelFactory<? extends DatagramChannel> datagramChannels();

    /** Makes UDP channels of one family. */
    public abstract ChannelFactory<? extends DatagramChannel> datagramChannels(SocketProtocolFamily family);

    /** Makes listening unix-domain stream channels. */
    public abstract ChannelFactory<? extends ServerChannel> unixServerChannels();

    /** Makes unix-domain stream channels. */
    public abstract ChannelFactory<? extends Channel> unixChannels();

    /** The address type the unix-domain channels take. */
    public abstract SocketAddress unixAddress(String path);

    /** Netty's option for it; {@code null} where this transport, or this system, has none. */
    public abstract @Nullable ChannelOption<?> option(TcpOption option);

    /** Whether its datagram channels take several datagrams of one length as one message. */
    public boolean takesSegments() {
        return false;
    }

    /** Whether a buffer size that is read back is twice the one that was set, which is how Linux keeps its books. */
    public boolean reportsDoubledBuffers() {
        return false;
    }
}
