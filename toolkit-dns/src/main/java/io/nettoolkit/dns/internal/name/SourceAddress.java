package io.nettoolkit.dns.internal.name;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import org.jspecify.annotations.Nullable;

/**
 * Asks the operating system which local address it would use for a destination: connecting a datagram socket picks a
 * route and sends nothing. Some 10 microseconds, and no waiting.
 */
public final class SourceAddress {

    /** Discard; any port would do. */
    private static final int PORT = 9;

    private SourceAddress() {}

    /** The local address; null where there is no route, or no such family on this host. */
    public static @Nullable InetAddress towards(InetAddress destination) {
        boolean ipv6 = destination instanceof Inet6Address;
        try (DatagramChannel channel =
                DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET)) {
            channel.connect(new InetSocketAddress(destination, PORT));
            return channel.getLocalAddress() instanceof InetSocketAddress local ? local.getAddress() : null;
        } catch (IOException
                | UnsupportedOperationException
                | UnresolvedAddressException
                | UnsupportedAddressTypeException
                | SecurityException unreachable) {
            return null;
        }
    }
}
