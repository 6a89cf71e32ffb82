package io.nettoolkit.core.internal.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Chooses among the certificates of this side. A server chooses by the name the client asks for (SNI, RFC 6066): an
 * exact name, else a wildcard for its last label, else the first certificate. Choosing here rather than by exchanging
 * handlers leaves one context with one session cache, and a pipeline that does not change under the handshake.
 *
 * <p>Among certificates of one name the kind of key decides that TLS asks for first: on the JDK what the client can
 * verify, on OpenSSL the server's own order, which has EC before RSA.
 *
 * <p>An alias is the index of the identity, which lets OpenSSL keep the native form of each.
 */
final class IdentityKeys extends X509ExtendedKeyManager {

    private final List<Identity> identities;

    /** Indexes by name; a wildcard stands under its name without the star: ".example.com". */
    private final Map<String, List<Integer>> byName = new HashMap<>();

    IdentityKeys(List<Identity> identities) {
        this.identities = List.copyOf(identities);
        for (int i = 0; i < this.identities.size(); i++) {
            for (String name : this.identities.get(i).dnsNames()) {
                String key = name.startsWith("*.") ? name.substring(1) : name;
                byName.computeIfAbsent(key, absent -> new ArrayList<>(1)).add(i);
            }
        }
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        for (int candidate : candidates(requestedName(engine))) {
            if (identities.get(candidate).keyType().equals(keyType)) {
                return Integer.toString(candidate);
            }
        }
        return null;
    }

    private List<Integer> candidates(@Nullable String name) {
        if (name != null) {
            List<Integer> exact = byName.get(name);
            if (exact != null) {
                return exact;
            }
            int dot = name.indexOf('.');
            List<Integer> wildcard = dot > 0 ? byName.get(name.substring(dot)) : null;
            if (wildcard != null) {
                return wildcard;
            }
        }
        return List.of(0);
    }

    private static @Nullable String requestedName(@Nullable SSLEngine engine) {
        if (engine != null && engine.getHandshakeSession() instanceof ExtendedSSLSession session) {
            for (SNIServerName name : session.getRequestedServerNames()) {
                if (name instanceof SNIHostName host) {
                    return host.getAsciiName().toLowerCase(Locale.ROOT);
                }
            }
        }
        return null;
    }

    /**
     * A certificate of an issuer the server names, else any of the right key type: a refusal by the server explains
     * more than a missing certificate.
     */
    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        List<String> types = List.of(keyTypes);
        String fallback = null;
        for (int i = 0; i < identities.size(); i++) {
            if (types.contains(identities.get(i).keyType())) {
                if (isIssuedByOneOf(issuers, identities.get(i))) {
                    return Integer.toString(i);
                }
                fallback = fallback == null ? Integer.toString(i) : fallback;
            }
        }
        return fallback;
    }

    private static boolean isIssuedByOneOf(Principal @Nullable [] issuers, Identity identity) {
        if (issuers == null || issuers.length == 0) {
            return true;
        }
        List<Principal> named = Arrays.asList(issuers);
        return identity.chain().stream().anyMatch(link -> named.contains(link.getIssuerX500Principal()));
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        return identities.get(Integer.parseInt(alias)).chain().toArray(new X509Certificate[0]);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return identities.get(Integer.parseInt(alias)).key();
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return chooseEngineClientAlias(keyTypes, issuers, null);
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return chooseEngineServerAlias(keyType, issuers, null);
    }

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return aliases(identity -> identity.keyType().equals(keyType) && isIssuedByOneOf(issuers, identity));
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return aliases(identity -> identity.keyType().equals(keyType));
    }

    private String[] aliases(Predicate<Identity> filter) {
        List<String> aliases = new ArrayList<>();
        for (int i = 0; i < identities.size(); i++) {
            if (filter.test(identities.get(i))) {
                aliases.add(Integer.toString(i));
            }
        }
        return aliases.toArray(new String[0]);
    }
}
