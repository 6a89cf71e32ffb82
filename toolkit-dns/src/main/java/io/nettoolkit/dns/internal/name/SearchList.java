package io.nettoolkit.dns.internal.name;

import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.util.ArrayList;
import java.util.List;

/**
 * Which names a name may be short for, in the order in which they are tried.
 *
 * <p><b>Sources.</b> resolv.conf(5), {@code search} and {@code ndots}.
 */
public final class SearchList {

    private SearchList() {}

    /**
     * The candidates. What becomes too long with a suffix is left out.
     *
     * @param name as the caller gave it; with a dot at the end it is short for nothing
     * @param search suffixes
     * @param ndots with at least so many dots the name itself comes first, else last
     * @throws DnsException of kind DNS_BAD_NAME when the name itself is none
     */
    public static List<DnsName> candidates(String name, List<DnsName> search, int ndots) throws DnsException {
        DnsName itself = GivenName.parse(name);
        if (search.isEmpty() || itself.equals(DnsName.ROOT) || GivenName.isAbsolute(name)) {
            return List.of(itself);
        }
        List<DnsName> candidates = new ArrayList<>(search.size() + 1);
        boolean itselfFirst = itself.labels() - 1 >= ndots;
        if (itselfFirst) {
            candidates.add(itself);
        }
        for (DnsName suffix : search) {
            try {
                candidates.add(DnsName.of(itself.toString() + suffix));
            } catch (DnsException tooLong) {
                // The name is fine, only not with this suffix.
            }
        }
        if (!itselfFirst) {
            candidates.add(itself);
        }
        return candidates;
    }
}
