package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;

/** A name and a type. */
public record Question(DnsName name, DnsType<?> type) {

    /** By what the cache finds the name. */
    String key() {
        return name.key();
    }

    @Override
    public String toString() {
        return name + " " + type;
    }
}
