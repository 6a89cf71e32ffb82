package io.nettoolkit.core;

import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Where to connect or bind: a host with a port, or the path of a unix domain socket.
 *
 * <pre>{@code
 * Endpoint.parse("example.com:443")    Endpoint.of("example.com", 443)
 * Endpoint.parse("[::1]:53")           Endpoint.of("::1", 53)
 * Endpoint.parse("[fe80::1%eth0]:53")  Endpoint.of("fe80::1%eth0", 53)
 * Endpoint.parse("unix:/run/app.sock") Endpoint.unix("/run/app.sock")
 * }</pre>
 *
 * <p>Nothing is looked up here, and the host stays as it was given: neither lower-cased, nor shortened, nor turned
 * into punycode. {@link #toString()} gives a text that {@link #parse(String)} turns into an equal endpoint.
 *
 * <p>What ends in a number has to be a dotted quad: "127.1", "0x7f.0.0.1" and "010.0.0.1" are refused, because
 * resolvers disagree on what they mean.
 *
 * <p><b>Threading.</b> Immutable; share freely.
 *
 * <p><b>Failure.</b> A malformed host, port, path or text is an {@link IllegalArgumentException} that shows the value
 * and the rule.
 *
 * <p><b>Sources.</b> RFC 3986 section 3.2 (host and port), RFC 4007 section 11 (zone ids), RFC 1123 section 2.1.
 *
 * @param host a name, or an IPv4 or IPv6 address without brackets; the absolute path on a unix endpoint
 * @param port 0 to 65535, where 0 binds any free port; {@link #NO_PORT} on a unix endpoint
 */
public record Endpoint(String host, int port) {

    /** The {@link #port()} of a unix endpoint. */
    public static final int NO_PORT = -1;

    private static final String UNIX_PREFIX = "unix:";
    /** {@code sun_path} of Linux without its closing NUL. */
    private static final int MAX_PATH_BYTES = 107;

    private static final int MAX_NAME_CHARS = 253;
    private static final int MAX_LABEL_CHARS = 63;
    private static final Pattern QUAD =
            Pattern.compile("(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\\.(?!$)|$)){4}");
    private static final Pattern NUMBER = Pattern.compile("[0-9]+|0[xX][0-9a-fA-F]*");
    private static final Pattern ZONE = Pattern.compile("[\\p{Alnum}_.~@-]{1,64}");
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");

    /** Checks host and port, or the path of a unix endpoint. */
    public Endpoint {
        Objects.requireNonNull(host, "host: must not be null");
        if (port == NO_PORT) {
            checkPath(host);
        } else {
            checkHost(host);
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("port: " + port + " (must be 0 to 65535)");
            }
        }
    }

    /**
     * A host and a port.
     *
     * @param host a name, or an IPv4 or IPv6 address without brackets
     * @param port 0 to 65535, where 0 binds any free port
     */
    public static Endpoint of(String host, int port) {
        if (port == NO_PORT) {
            throw new IllegalArgumentException("port: " + port + " (must be 0 to 65535)");
        }
        return new Endpoint(host, port);
    }

    /**
     * The endpoint of an address, such as the one a server answered when it was bound.
     *
     * @param address a resolved one gives its literal, so that nothing is looked up; an unresolved one its name
     */
    public static Endpoint of(InetSocketAddress address) {
        Objects.requireNonNull(address, "address: must not be null");
        InetAddress resolved = address.getAddress();
        return of(resolved == null ? address.getHostString() : resolved.getHostAddress(), address.getPort());
    }

    /**
     * A unix domain socket.
     *
     * @param path absolute, at most 107 bytes of UTF-8, which is what a socket address of Linux holds
     */
    public static Endpoint unix(String path) {
        Objects.requireNonNull(path, "path: must not be null");
        return new Endpoint(path, NO_PORT);
    }

    /**
     * Reads {@code host:port}, {@code [ipv6]:port}, {@code [ipv6%zone]:port} or {@code unix:/path}.
     *
     * @throws IllegalArgumentException when the text is anything else
     */
    public static Endpoint parse(String text) {
        Objects.requireNonNull(text, "text: must not be null");
        if (text.startsWith(UNIX_PREFIX + "/")) {
            return unix(text.substring(UNIX_PREFIX.length()));
        }
        int split;
        String host;
        if (text.startsWith("[")) {
            int close = text.indexOf(']');
            if (close < 0) {
                throw malformed(text, "the bracket is not closed");
            }
            host = text.substring(1, close);
            if (host.indexOf(':') < 0) {
                throw malformed(text, "brackets are for IPv6 addresses only");
            }
            split = close + 1;
        } else {
            split = text.lastIndexOf(':');
            if (split != text.indexOf(':')) {
                throw malformed(text, "an IPv6 address goes in brackets, as in [::1]:53");
            }
            host = split < 0 ? text : text.substring(0, split);
        }
        if (split < 0 || split == text.length() || text.endsWith(":")) {
            throw malformed(text, "the port is missing; write host:port, [ipv6]:port or unix:/path");
        }
        if (text.charAt(split) != ':') {
            throw malformed(text, "after the closing bracket comes :port");
        }
        if (host.isEmpty()) {
            throw malformed(text, "the host is missing; every local address is 0.0.0.0 or [::]");
        }
        return of(host, parsePort(text, text.substring(split + 1)));
    }

    private static int parsePort(String text, String digits) {
        int port = PORT.matcher(digits).matches() ? Integer.parseInt(digits) : Integer.MAX_VALUE;
        if (port > 65535) {
            throw malformed(text, "the port must be a number from 0 to 65535");
        }
        return port;
    }

    /** Whether this is a unix domain socket. */
    public boolean isUnix() {
        return port == NO_PORT;
    }

    /**
     * The path of the unix domain socket.
     *
     * @throws IllegalStateException when this is a host and a port; ask {@link #isUnix()} first
     */
    public String path() {
        if (!isUnix()) {
            throw new IllegalStateException(this + " has no path: it is a host and a port; ask isUnix() first");
        }
        return host;
    }

    /**
     * The same host with another port.
     *
     * @throws IllegalStateException when this is a unix domain socket
     */
    public Endpoint withPort(int newPort) {
        if (isUnix()) {
            throw new IllegalStateException(this + " has no port: it is a unix domain socket");
        }
        return of(host, newPort);
    }

    /**
     * What Netty connects or binds to: a resolved address for an IP literal, an unresolved one for a name (the
     * bootstrap's resolver looks it up), a {@link DomainSocketAddress} for a unix path. Never looks anything up. A
     * literal whose zone names no interface of this host stays unresolved.
     */
    public SocketAddress toSocketAddress() {
        if (isUnix()) {
            return new DomainSocketAddress(host);
        }
        if (isIpv6(host) || QUAD.matcher(host).matches()) {
            try {
                return new InetSocketAddress(InetAddress.getByName(host), port);
            } catch (UnknownHostException noSuchInterface) {
                return InetSocketAddress.createUnresolved(host, port);
            }
        }
        return InetSocketAddress.createUnresolved(host, port);
    }

    @Override
    public String toString() {
        if (isUnix()) {
            return UNIX_PREFIX + host;
        }
        return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
    }

    private static boolean isIpv6(String host) {
        return host.indexOf(':') >= 0;
    }

    private static void checkHost(String host) {
        if (host.isEmpty()) {
            throw new IllegalArgumentException("host: \"\" (must not be empty)");
        }
        if (isIpv6(host)) {
            checkIpv6(host);
        } else {
            checkName(host);
        }
    }

    private static void checkIpv6(String host) {
        if (host.charAt(0) == '[') {
            throw badHost(host, "must be without brackets");
        }
        int zone = host.indexOf('%');
        String address = zone < 0 ? host : host.substring(0, zone);
        if (!NetUtil.isValidIpV6Address(address)) {
            throw badHost(host, "must be an IPv6 address where it has a colon");
        }
        if (zone >= 0 && !ZONE.matcher(host.substring(zone + 1)).matches()) {
            throw badHost(host, "must have an interface name or number after the %");
        }
    }

    private static void checkName(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c <= ' ' || c == 0x7f || "\"#%/<>?@[\\]^`{|}*,;".indexOf(c) >= 0 || isUnprintable(c)) {
                throw badHost(host, String.format("must not contain U+%04X", (int) c));
            }
        }
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        if (name.length() > MAX_NAME_CHARS) {
            throw badHost(host, "must be at most " + MAX_NAME_CHARS + " characters");
        }
        String last = "";
        for (String label : name.split("\\.", -1)) {
            if (label.isEmpty() || label.length() > MAX_LABEL_CHARS) {
                throw badHost(host, "must have labels of 1 to " + MAX_LABEL_CHARS + " characters between its dots");
            }
            last = label;
        }
        if (NUMBER.matcher(last).matches() && !QUAD.matcher(host).matches()) {
            throw badHost(host, "must be four decimal numbers from 0 to 255 where it ends in a number");
        }
    }

    /** Characters that a log or a terminal would not show as they are, and the other dots of IDNA. */
    private static boolean isUnprintable(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> c != '\u200c' && c != '\u200d';
            default -> c == '\u3002' || c == '\uff0e' || c == '\uff61';
        };
    }

    private static void checkPath(String path) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path: \"" + path + "\" (must be absolute)");
        }
        if (path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("path: \"" + path.replace('\0', '?') + "\" (must not contain NUL)");
        }
        int bytes = path.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_PATH_BYTES) {
            throw new IllegalArgumentException("path: \"" + path + "\", " + bytes + " bytes (must be at most "
                    + MAX_PATH_BYTES + " bytes, which is what a socket address holds)");
        }
    }

    private static IllegalArgumentException badHost(String host, String rule) {
        return new IllegalArgumentException("host: \"" + host + "\" (" + rule + ")");
    }

    private static IllegalArgumentException malformed(String text, String rule) {
        return new IllegalArgumentException("text: \"" + text + "\" (" + rule + ")");
    }
}
