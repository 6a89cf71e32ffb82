package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.AddressScope;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.SvcParam;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * DNS rebinding: a name of a stranger gets an address of this network, and whatever this program does for the stranger, with
 * that name, it does to a machine in here. So an answer that leads there is refused as a whole, whatever else is in it, unless
 * the name that was asked for, not the one an alias leads to, is of a domain that may have such addresses.
 */

/** Which answers of name servers may have addresses that are not of the public Internet. Immutable. */
public final class PrivateAddresses {

    /** All of them. */
    public static final PrivateAddresses TAKEN = new PrivateAddresses(List.of(DnsName.ROOT));

    private final List<DnsName> allowed;

    private PrivateAddresses(List<DnsName> allowed) {
        this.allowed = allowed;
    }

    /** Those about names within these domains. */
    public static PrivateAddresses takenWithin(List<DnsName> domains) {
        return new PrivateAddresses(List.copyOf(domains));
    }

    /** Why an answer is refused; null where it is not. */
    @Nullable
    DnsException refusal(Response response) {
        if (isAllowed(response.name())) {
            return null;
        }
        InetAddress inside = firstInside(response.records());
        if (inside == null) {
            return null;
        }
        return DnsException.builder(Kind.DNS_BOGUS, response.name().toString())
                .type(response.type())
                .server(response.server())
                .detail("the answer has " + inside.getHostAddress() + " (" + AddressScope.of(inside)
                        + "), and addresses that are not public are taken only for names within " + allowed)
                .build();
    }

    private boolean isAllowed(DnsName name) {
        for (DnsName domain : allowed) {
            if (name.isWithin(domain)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable InetAddress firstInside(List<DnsRecord> records) {
        for (int i = 0; i < records.size(); i++) {
            DnsRecord record = records.get(i);
            InetAddress found = null;
            if (record instanceof DnsRecord.A a) {
                found = inside(a.address());
            } else if (record instanceof DnsRecord.Aaaa aaaa) {
                found = inside(aaaa.address());
            } else if (record instanceof DnsRecord.Svcb svcb) {
                found = firstHint(svcb);
            }
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static @Nullable InetAddress firstHint(DnsRecord.Svcb record) {
        for (SvcParam param : record.params()) {
            if (param.key() == SvcParam.IPV4HINT || param.key() == SvcParam.IPV6HINT) {
                for (InetAddress hint : param.addresses()) {
                    if (inside(hint) != null) {
                        return hint;
                    }
                }
            }
        }
        return null;
    }

    private static @Nullable InetAddress inside(InetAddress address) {
        return AddressScope.of(address) == AddressScope.GLOBAL ? null : address;
    }

    @Override
    public String toString() {
        return this == TAKEN ? "taken" : "taken within " + allowed;
    }
}
