package io.nettoolkit.dns.internal.name;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /etc/resolv.conf} says.
 *
 * <p>Every file has a meaning: a line that cannot be understood is left out and counted, as the C library does, and a
 * file without name servers means the one on this host. Where a line is repeated the last one counts, name servers
 * excepted.
 *
 * <p>Beyond the C library a name server may have a port: {@code nameserver [::1]:5353}, {@code nameserver 10.0.0.1:5353}.
 *
 * <p><b>Sources.</b> resolv.conf(5).
 *
 * @param nameServers at least one, {@value #MAX_SERVERS} at most, in the order of the file
 * @param search what is appended to short names, {@value #MAX_SEARCH} at most
 * @param ndots names with fewer dots try the search list first; 0 to {@value #MAX_NDOTS}
 * @param timeout for one try; null where the file does not say
 * @param attempts rounds over the name servers; 0 where the file does not say
 * @param rotate whether queries begin at a different server each time
 * @param ignoredLines how many lines could not be understood
 */
public record ResolvConf(
        List<InetSocketAddress> nameServers,
        List<DnsName> search,
        int ndots,
        @Nullable Duration timeout,
        int attempts,
        boolean rotate,
        int ignoredLines) {

    /** What counts where there is no file. */
    public static final ResolvConf DEFAULT = parse(new byte[0]);

    static final int MAX_SERVERS = 16;
    static final int MAX_SEARCH = 32;
    static final int MAX_NDOTS = 15;
    private static final int MAX_TIMEOUT_SECONDS = 30;
    private static final int MAX_ATTEMPTS = 5;
    private static final int DNS_PORT = 53;
    private static final Pattern BRACKETS_AND_PORT = Pattern.compile("(\\[[^\\[\\]]+])(?::([0-9]{1,5}))?");
    private static final Pattern QUAD_AND_PORT = Pattern.compile("([0-9.]+):([0-9]{1,5})");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

    /** Reads the content of a file. */
    public static ResolvConf parse(byte[] content) {
        Parser parser = new Parser();
        for (TextLines lines = new TextLines(content); lines.next(); ) {
            if (!parser.take(lines)) {
                parser.ignoredLines++;
            }
        }
        return parser.result();
    }

    private static @Nullable InetSocketAddress nameServer(String text) {
        String host = text;
        String port = null;
        Matcher matcher = BRACKETS_AND_PORT.matcher(text);
        if (!matcher.matches()) {
            matcher = QUAD_AND_PORT.matcher(text);
        }
        if (matcher.matches()) {
            host = matcher.group(1);
            port = matcher.group(2);
        }
        int number = port == null ? DNS_PORT : Integer.parseInt(port);
        try {
            InetAddress address = HostName.literal(host);
            return address == null || number < 1 || number > 65535 ? null : new InetSocketAddress(address, number);
        } catch (DnsException notAnAddress) {
            return null;
        }
    }

    private static final class Parser {

        private final List<InetSocketAddress> nameServers = new ArrayList<>();
        private List<DnsName> search = List.of();
        private int ndots = 1;
        private int timeoutSeconds;
        private int attempts;
        private boolean rotate;
        private int ignoredLines;

        /** False for a line, or a part of one, that says nothing to us. */
        boolean take(TextLines line) {
            String keyword = line.word();
            if (keyword == null || keyword.charAt(0) == '#' || keyword.charAt(0) == ';') {
                return true;
            }
            return !line.hasNul()
                    && switch (keyword) {
                        case "nameserver" -> takeNameServer(line.word());
                        case "domain", "search" -> takeSearch(line, keyword.equals("domain") ? 1 : MAX_SEARCH);
                        case "options" -> takeOptions(line);
                        case "sortlist" -> true; // superseded by the order of RFC 6724
                        default -> false;
                    };
        }

        private boolean takeNameServer(@Nullable String text) {
            InetSocketAddress server = text == null ? null : nameServer(text);
            if (server == null || nameServers.size() == MAX_SERVERS) {
                return false;
            }
            if (!nameServers.contains(server)) {
                nameServers.add(server);
            }
            return true;
        }

        private boolean takeSearch(TextLines line, int most) {
            List<DnsName> domains = new ArrayList<>();
            boolean understood = true;
            for (String word = line.word(); word != null && !isComment(word); word = line.word()) {
                try {
                    DnsName domain = GivenName.parse(word);
                    // "search ." is how systemd says that there is nothing to append.
                    if (!domain.equals(DnsName.ROOT) && !domains.contains(domain) && domains.size() < most) {
                        domains.add(domain);
                    }
                } catch (DnsException badDomain) {
                    understood = false;
                }
            }
            search = List.copyOf(domains);
            return understood;
        }

        private boolean takeOptions(TextLines line) {
            boolean understood = true;
            for (String word = line.word(); word != null && !isComment(word); word = line.word()) {
                int colon = word.indexOf(':');
                String option = colon < 0 ? word : word.substring(0, colon);
                String value = colon < 0 ? "" : word.substring(colon + 1);
                switch (option) {
                    case "rotate" -> rotate = true;
                    case "ndots", "timeout", "attempts" -> understood &= takeNumber(option, value);
                    default -> {} // dozens, of several systems; none of them concerns us
                }
            }
            return understood;
        }

        private boolean takeNumber(String option, String text) {
            if (!NUMBER.matcher(text).matches()) {
                return false;
            }
            int value = Integer.parseInt(text);
            switch (option) {
                case "ndots" -> ndots = Math.min(value, MAX_NDOTS);
                case "timeout" -> timeoutSeconds = Math.max(1, Math.min(value, MAX_TIMEOUT_SECONDS));
                default -> attempts = Math.max(1, Math.min(value, MAX_ATTEMPTS));
            }
            return true;
        }

        private static boolean isComment(String word) {
            return word.charAt(0) == '#' || word.charAt(0) == ';';
        }

        ResolvConf result() {
            if (nameServers.isEmpty()) {
                nameServers.add(new InetSocketAddress(HostName.loopback().get(0), DNS_PORT));
            }
            return new ResolvConf(
                    List.copyOf(nameServers),
                    search,
                    ndots,
                    timeoutSeconds == 0 ? null : Duration.ofSeconds(timeoutSeconds),
                    attempts,
                    rotate,
                    ignoredLines);
        }
    }

    /** The text as bytes, for those who have it in a string. */
    static ResolvConf parse(String content) {
        return parse(content.getBytes(StandardCharsets.UTF_8));
    }
}
