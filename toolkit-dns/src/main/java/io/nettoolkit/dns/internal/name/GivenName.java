package io.nettoolkit.dns.internal.name;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.IDN;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A name as a caller or a file gives it.
 *
 * <p>What is not ASCII is turned into {@code xn--} labels by IDNA 2003 (the JDK's), with code points that were unassigned
 * then let through, so that newer scripts and emoji work. A name that is ASCII already is never looked into: an
 * {@code xn--} that decodes to nothing is a question like any other.
 *
 * <p><b>Sources.</b> RFC 3490 sections 3.1 and 4.1.
 */
public final class GivenName {

    /** Of any script: IDNA knows three dots beside the usual one. */
    private static final String DOTS = ".\u3002\uff0e\uff61";

    private GivenName() {}

    /**
     * The name to ask for.
     *
     * @throws DnsException of kind DNS_BAD_NAME when no question can carry it
     */
    public static DnsName parse(String name) throws DnsException {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) >= 0x80) {
                return DnsName.of(toAscii(name));
            }
        }
        return DnsName.of(name);
    }

    /**
     * Names an option is made of.
     *
     * @throws IllegalArgumentException when one of them is none
     */
    public static List<DnsName> parseOption(String option, Collection<String> names) {
        List<DnsName> parsed = new ArrayList<>();
        for (String name : names) {
            try {
                parsed.add(parse(name));
            } catch (DnsException badName) {
                throw new IllegalArgumentException(option + ": " + badName.getMessage(), badName);
            }
        }
        return List.copyOf(parsed);
    }

    private static String toAscii(String name) throws DnsException {
        try {
            return IDN.toASCII(name, IDN.ALLOW_UNASSIGNED);
        } catch (RuntimeException refused) {
            // IllegalArgumentException by contract; some inputs make the JDK's code run off its tables as well.
            throw bad(name, "cannot be written as an internationalized name: " + refused.getMessage());
        }
    }

    /** Whether a name says itself that it is complete and short for nothing. */
    static boolean isAbsolute(String name) {
        int last = name.length() - 1;
        if (last < 0 || DOTS.indexOf(name.charAt(last)) < 0) {
            return false;
        }
        int backslashes = 0;
        while (last > backslashes && name.charAt(last - 1 - backslashes) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 0;
    }

    static DnsException bad(String name, String rule) {
        return DnsException.builder(Kind.DNS_BAD_NAME, name)
                .detail("the name " + rule)
                .build();
    }
}
