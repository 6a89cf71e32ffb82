package io.nettoolkit.dns;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;

/**
 * One place where a service is to be had.
 *
 * <p>Host and port make an endpoint what it is; when anything else about it changes it is still the same one.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * <p>Sources: RFC 2782.
 *
 * @param host name of the server, without a dot at the end; its address in letters where the service is a host's
 * @param port its port
 * @param priority the lowest is used as long as one of it works
 * @param weight its share among those of one priority
 * @param addresses at least one, best first
 */
public record ServiceEndpoint(String host, int port, int priority, int weight, List<InetAddress> addresses) {

    /** Checks that there is an address. */
    public ServiceEndpoint {
        Objects.requireNonNull(host, "host: must not be null");
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("addresses: [] (must not be empty)");
        }
    }

    /** Its best address and its port. */
    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(addresses.get(0), port);
    }

    /** Whether it is the same endpoint, whatever has changed about it. */
    public boolean isSameAs(ServiceEndpoint other) {
        return other.port == port && other.host.equals(host);
    }
}
