package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.handler.ssl.util.KeyManagerFactoryWrapper;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Turns settings and loaded material into a Netty context of the right provider. */
final class ContextFactory {

    /**
     * Forward secrecy and authenticated encryption only. Both providers' own lists still have RSA key exchange and CBC.
     */
    private static final List<String> DEFAULT_CIPHERS = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private final TlsSettings settings;
    private final LongAdder peerChecks;

    ContextFactory(TlsSettings settings, LongAdder peerChecks) {
        this.settings = settings;
        this.peerChecks = peerChecks;
    }

    /** What one context is made of. */
    record Material(List<Identity> identities, @Nullable List<X509Certificate> trusted) {
        static Material load(TlsSettings settings, FileSnapshot files) throws NetException {
            Identity[] identities = new Identity[settings.identities().size()];
            for (int i = 0; i < identities.length; i++) {
                identities[i] = settings.identities().get(i).load(files);
            }
            return new Material(List.of(identities), trusted(settings, files));
        }

        private static @Nullable List<X509Certificate> trusted(TlsSettings settings, FileSnapshot files)
                throws NetException {
            TrustSource trust = settings.trust();
            if (trust != null) {
                return trust.load(files);
            }
            return settings.verifiesPeer() ? null : List.of();
        }
    }

    /** A new context; a reference counted one belongs to the caller. */
    SslContext newContext(Material material) throws NetException {
        SslProvider provider = provider(material.identities);
        checkCiphers(provider);
        try {
            PeerVerifier verifier = new PeerVerifier(material.trusted, new Pins(settings.pins()), peerChecks);
            @Nullable KeyManagerFactory keys = keys(provider, material.identities);
            SslContextBuilder builder = settings.server()
                    ? SslContextBuilder.forServer(keys).clientAuth(clientAuth())
                    : SslContextBuilder.forClient()
                            .keyManager(keys)
                            // Explicit, because Netty's default can be changed by a system property.
                            .endpointIdentificationAlgorithm(settings.verifyHostname() ? "HTTPS" : null);
            builder.sslProvider(provider)
                    .trustManager(verifier)
                    .protocols(settings.protocols())
                    .sessionCacheSize(settings.sessionCacheSize())
                    .sessionTimeout(settings.sessionTimeout().toSeconds());
            if (settings.ciphers().isEmpty()) {
                builder.ciphers(DEFAULT_CIPHERS, SupportedCipherSuiteFilter.INSTANCE);
            } else {
                builder.ciphers(settings.ciphers());
            }
            if (!settings.alpn().isEmpty()) {
                // The one pair of behaviours that both providers support.
                builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT,
                        settings.alpn()));
            }
            return builder.build();
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            throw FileSnapshot.failure(
                    "provider " + provider + " does not accept these settings: " + e.getMessage(), e);
        }
    }

    private static @Nullable KeyManagerFactory keys(SslProvider provider, List<Identity> identities) {
        if (identities.isEmpty()) {
            return null;
        }
        KeyManagerFactory keys = new KeyManagerFactoryWrapper(new IdentityKeys(identities));
        return provider == SslProvider.JDK ? keys : new OpenSslCachingX509KeyManagerFactory(keys);
    }

    private ClientAuth clientAuth() {
        return switch (settings.clientCertificates()) {
            case NONE -> ClientAuth.NONE;
            case OPTIONAL -> ClientAuth.OPTIONAL;
            case REQUIRED -> ClientAuth.REQUIRE;
        };
    }

    /** OPENSSL_REFCNT rather than OPENSSL, so that memory is freed when the last connection closes, not by a finalizer. */
    private SslProvider provider(List<Identity> identities) throws NetException {
        @Nullable String objection = objectionToOpenSsl(identities);
        return switch (settings.provider()) {
            case JDK -> SslProvider.JDK;
            case AUTO -> objection == null ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK;
            case OPENSSL -> {
                if (objection != null) {
                    throw FileSnapshot.failure(
                            "provider OPENSSL was insisted on, but " + objection, OpenSsl.unavailabilityCause());
                }
                yield SslProvider.OPENSSL_REFCNT;
            }
        };
    }

    private @Nullable String objectionToOpenSsl(List<Identity> identities) {
        if (!OpenSsl.isAvailable()) {
            return "it is not there; add netty-tcnative-boringssl-static for this platform to the class path";
        }
        if (settings.protocols().contains("TLSv1.3") && !SslProvider.isTlsv13Supported(SslProvider.OPENSSL_REFCNT)) {
            return "the library found has no TLSv1.3";
        }
        for (Identity identity : identities) {
            boolean usable =
                    identity.keyType().equals("RSA") || identity.keyType().equals("EC");
            if (!usable || identity.key().getEncoded() == null) {
                return "it cannot use the key of '" + identity.subject()
                        + "': it takes RSA and EC keys that can be exported; use provider JDK";
            }
        }
        return null;
    }

    private void checkCiphers(SslProvider provider) throws NetException {
        for (String cipher : settings.ciphers()) {
            boolean known = provider == SslProvider.JDK
                    ? jdkCiphers().contains(cipher)
                    : OpenSsl.isCipherSuiteAvailable(cipher);
            if (!known) {
                throw FileSnapshot.failure("ciphers: " + cipher + " (unknown to provider " + provider + ")", null);
            }
        }
    }

    private static Set<String> jdkCiphers() {
        try {
            return new HashSet<>(Arrays.asList(
                    SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has a default SSLContext", e);
        }
    }
}
