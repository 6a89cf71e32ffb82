package io.nettoolkit.dns.internal.name;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /etc/hosts} says: addresses of names, in the order of the file.
 *
 * <p>Every file has a meaning; lines and names that cannot be understood are left out and counted. A name on several lines
 * has the addresses of all of them. Files of some hundred thousand lines, as used to block names, are ordinary.
 *
 * <p><b>Sources.</b> hosts(5).
 */
public final class HostsFile {

    /** What counts where there is no file. */
    public static final HostsFile EMPTY = parse(new byte[0]);

    /** So many of one name are kept: nobody tries more, and adding one looks at all. */
    private static final int MAX_ADDRESSES = 64;

    private final Map<String, InetAddress[]> addresses;
    private final int ignoredLines;

    private HostsFile(Map<String, InetAddress[]> addresses, int ignoredLines) {
        this.addresses = addresses;
        this.ignoredLines = ignoredLines;
    }

    /** Reads the content of a file. */
    public static HostsFile parse(byte[] content) {
        Map<String, InetAddress[]> addresses = new HashMap<>();
        int ignored = 0;
        String lastText = "";
        InetAddress last = null;
        for (TextLines line = new TextLines(content); line.next(); ) {
            String text = line.word();
            if (text == null || text.charAt(0) == '#') {
                continue;
            }
            if (!text.equals(lastText)) {
                // A file that blocks names repeats one address on every line.
                last = address(text);
                lastText = text;
            }
            if (last == null || line.hasNul() || !takeNames(line, last, addresses)) {
                ignored++;
            }
        }
        return new HostsFile(addresses, ignored);
    }

    private static @Nullable InetAddress address(String text) {
        int comment = text.indexOf('#');
        try {
            return comment < 0 ? HostName.literal(text) : null;
        } catch (DnsException notAnAddress) {
            return null;
        }
    }

    private static boolean takeNames(TextLines line, InetAddress address, Map<String, InetAddress[]> addresses) {
        boolean understood = true;
        for (String word = line.word(); word != null; word = line.word()) {
            int comment = word.indexOf('#');
            String name = comment < 0 ? word : word.substring(0, comment);
            if (!name.isEmpty()) {
                try {
                    add(addresses, GivenName.parse(name).key(), address);
                } catch (DnsException badName) {
                    understood = false;
                }
            }
            if (comment >= 0) {
                break;
            }
        }
        return understood;
    }

    private static void add(Map<String, InetAddress[]> addresses, String name, InetAddress address) {
        InetAddress[] known = addresses.get(name);
        if (known == null) {
            addresses.put(name, new InetAddress[] {address});
        } else if (known.length < MAX_ADDRESSES && !Arrays.asList(known).contains(address)) {
            InetAddress[] more = Arrays.copyOf(known, known.length + 1);
            more[known.length] = address;
            addresses.put(name, more);
        }
    }

    /** The addresses of a name; empty for one that is not in the file. */
    public List<InetAddress> addresses(DnsName name) {
        InetAddress[] found = addresses.get(name.key());
        return found == null ? List.of() : List.of(found);
    }

    /** How many names the file has. */
    public int size() {
        return addresses.size();
    }

    /** How many lines could not be understood, or not all of them. */
    public int ignoredLines() {
        return ignoredLines;
    }
}
