package io.nettoolkit.core;

import io.nettoolkit.core.internal.tls.IdentitySource;
import io.nettoolkit.core.internal.tls.Pins;
import io.nettoolkit.core.internal.tls.TlsSettings;
import io.nettoolkit.core.internal.tls.TrustSource;
import io.netty.util.NetUtil;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SNIHostName;
import org.jspecify.annotations.Nullable;

/**
 * How a server or a client speaks TLS.
 *
 * <pre>{@code
 * TlsConfig server = TlsConfig.server(Path.of("chain.pem"), Path.of("key.pem")).build();
 * TlsConfig mutual = TlsConfig.server(Path.of("chain.pem"), Path.of("key.pem"))
 *         .clientCertificates(TlsConfig.ClientCertificates.REQUIRED)
 *         .trust(Path.of("clients-ca.pem"))
 *         .build();
 * TlsConfig client = TlsConfig.client().trust(Path.of("ca.pem")).build();
 * }</pre>
 *
 * <p>Safe unless told otherwise: TLS 1.3 and 1.2 alone, the server's name is checked, nothing is trusted blindly.
 * Certificates and keys in files are read again when they change: new connections use the new ones, open connections
 * live on, and files that cannot be used leave the old ones in place. Sessions are resumed by tickets or ids, as the
 * protocol version has it.
 *
 * <p><b>Threading.</b> Immutable; share freely. Equal when all options are equal.
 *
 * <p><b>Ownership.</b> A value: it opens nothing and reads no file. The server or client it is given to does, keeps the
 * files in view while it is open, and stops when it is closed.
 *
 * <p><b>Failure.</b> Bad arguments throw in the setter, combinations that make no sense in {@link Builder#build()}.
 * Files that cannot be used, and peers that cannot be trusted, give a {@link NetException} of kind
 * {@link NetFailure.Kind#TLS_CERTIFICATE}.
 *
 * <p>Sources: RFC 8446 and 5246 (TLS), RFC 6066 (SNI), RFC 7301 (ALPN), RFC 9525 (names), RFC 7469 (pins), RFC 8996 (no
 * older versions).
 */
public final class TlsConfig {

    static {
        TlsSettings.readThrough(config -> config.settings);
    }

    private final TlsSettings settings;

    private TlsConfig(TlsSettings settings) {
        this.settings = settings;
    }

    /** A server whose chain (own certificate first) and private key are PEM files; they may be the same file. */
    public static Builder server(Path certificateChain, Path privateKey) {
        return new Builder(true).addCertificate(certificateChain, privateKey);
    }

    /** A server whose private key file is encrypted (PKCS #8 with PBES2). The password is copied. */
    public static Builder server(Path certificateChain, Path privateKey, char[] password) {
        return new Builder(true).addCertificate(certificateChain, privateKey, password);
    }

    /** A server with a chain (own certificate first) and its private key in memory. */
    public static Builder server(List<X509Certificate> certificateChain, PrivateKey privateKey) {
        return new Builder(true).addCertificate(certificateChain, privateKey);
    }

    /** A client that trusts what the JVM trusts and shows no certificate. */
    public static Builder client() {
        return new Builder(false);
    }

    /** The pin of a certificate's public key, as {@link Builder#pins} takes it: "sha256/" and 44 characters. */
    public static String pinOf(X509Certificate certificate) {
        return Pins.of(Objects.requireNonNull(certificate, "certificate: must not be null"));
    }

    /** A builder with the options of this configuration. */
    public Builder toBuilder() {
        return new Builder(settings);
    }

    /** Whether this is for accepted connections. */
    public boolean isServer() {
        return settings.server();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TlsConfig that && that.settings.equals(settings);
    }

    @Override
    public int hashCode() {
        return settings.hashCode();
    }

    /** All options; files by their paths, keys and passwords not at all. */
    @Override
    public String toString() {
        return "TlsConfig"
                + settings.toString()
                        .substring(TlsSettings.class.getSimpleName().length());
    }

    /** Which implementation of TLS runs. */
    public enum Provider {
        /** OpenSSL when netty-tcnative is on the class path and can do what is asked, else the JDK. */
        AUTO,
        /** The JDK's. */
        JDK,
        /** OpenSSL (BoringSSL) through netty-tcnative; opening fails where that is not there. */
        OPENSSL
    }

    /** Whether a server asks clients for a certificate. */
    public enum ClientCertificates {
        /** Does not ask. */
        NONE,
        /** Asks; a client without one may go on, a client with one that is not trusted may not. */
        OPTIONAL,
        /** Asks, and refuses clients without one. */
        REQUIRED
    }

    /**
     * Hears when files were read again.
     *
     * <p><b>Threading.</b> Called on the file thread, or on the thread that asked for the reload.
     *
     * <p><b>Failure.</b> What it throws is logged and changes nothing else.
     */
    public interface Listener {
        /** A listener that ignores everything; the log still has the failures. */
        Listener NONE = new Listener() {
            @Override
            public String toString() {
                return "NONE";
            }
        };

        /**
         * New connections use new certificates.
         *
         * @param expires when the first of this side's certificates expires; {@code null} on a client without any
         */
        default void onReload(@Nullable Instant expires) {}

        /** The files changed and cannot be used: what was loaded before stays in use. Once per content. */
        default void onReloadFailure(NetException failure) {}
    }

    /** Puts a configuration together. Not thread-safe. */
    public static final class Builder {
        private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
        private static final Duration MAX_SESSION_TIMEOUT = Duration.ofDays(7);

        private final boolean server;
        private final List<IdentitySource> identities = new ArrayList<>();
        private Provider provider = Provider.AUTO;
        private @Nullable TrustSource trust;
        private ClientCertificates clientCertificates = ClientCertificates.NONE;
        private List<String> pins = List.of();
        private List<String> alpn = List.of();
        private @Nullable String serverName;
        private boolean verifyHostname = true;
        private List<String> protocols = PROTOCOLS;
        private List<String> ciphers = List.of();
        private int sessionCacheSize = 20_480;
        private Duration sessionTimeout = Duration.ofHours(1);
        private Duration reloadEvery = Duration.ofMinutes(1);
        private Listener listener = Listener.NONE;

        private Builder(boolean server) {
            this.server = server;
        }

        private Builder(TlsSettings from) {
            server = from.server();
            identities.addAll(from.identities());
            provider = from.provider();
            trust = from.trust();
            clientCertificates = from.clientCertificates();
            pins = from.pins();
            alpn = from.alpn();
            serverName = from.serverName();
            verifyHostname = from.verifyHostname();
            protocols = from.protocols();
            ciphers = from.ciphers();
            sessionCacheSize = from.sessionCacheSize();
            sessionTimeout = from.sessionTimeout();
            reloadEvery = from.reloadEvery();
            listener = from.listener();
        }

        /**
         * One more certificate chain with its key. A server shows the one that has the name the client asks for (SNI;
         * exact before wildcard, earlier before later) and the first one to clients that ask for no name or an unknown
         * one. A client shows one when the server asks, if it can one of an issuer the server names. Default: none
         * beyond the server's first.
         */
        public Builder addCertificate(Path certificateChain, Path privateKey) {
            return add(new IdentitySource.Files(path(certificateChain), path(privateKey), null));
        }

        /** The same with an encrypted key file. The password is copied. */
        public Builder addCertificate(Path certificateChain, Path privateKey, char[] password) {
            Objects.requireNonNull(password, "password: must not be null");
            return add(new IdentitySource.Files(path(certificateChain), path(privateKey), password));
        }

        /** The same in memory. */
        public Builder addCertificate(List<X509Certificate> certificateChain, PrivateKey privateKey) {
            notEmpty("certificateChain", certificateChain);
            Objects.requireNonNull(privateKey, "privateKey: must not be null");
            return add(new IdentitySource.InMemory(certificateChain, privateKey));
        }

        private Builder add(IdentitySource identity) {
            identities.add(identity);
            return this;
        }

        private static Path path(Path file) {
            return Objects.requireNonNull(file, "certificateChain, privateKey: must not be null");
        }

        /** A PEM file with the certificates that vouch for the peer. Default: {@link #trustSystem}, on clients. */
        public Builder trust(Path certificates) {
            trust = new TrustSource.File(Objects.requireNonNull(certificates, "certificates: must not be null"));
            return this;
        }

        /** The certificates that vouch for the peer, in memory; a self-signed peer's own will do. */
        public Builder trust(List<X509Certificate> certificates) {
            notEmpty("certificates", certificates);
            trust = new TrustSource.InMemory(certificates);
            return this;
        }

        /** What the JVM trusts vouches for the peer: the public authorities, as a rule. The default on clients. */
        public Builder trustSystem() {
            trust = new TrustSource.SystemDefault();
            return this;
        }

        /** Servers: whether clients must show a certificate, which {@link #trust} is asked about. Default NONE. */
        public Builder clientCertificates(ClientCertificates clientCertificates) {
            only(server, "clientCertificates", "servers");
            this.clientCertificates =
                    Objects.requireNonNull(clientCertificates, "clientCertificates: must not be null");
            return this;
        }

        /**
         * Public keys of which at least one must be in the trusted path of the peer, beside all other checks: base64 of
         * the SHA-256 of the SubjectPublicKeyInfo, "sha256/" in front or not. Pin a spare key as well. Default and
         * empty: none.
         */
        public Builder pins(List<String> pins) {
            this.pins = Objects.requireNonNull(pins, "pins: must not be null").stream()
                    .map(Pins::normalized)
                    .distinct()
                    .toList();
            return this;
        }

        /**
         * Application protocols to agree on, best first, such as "h2". Without one in common the handshake goes on and
         * no protocol is agreed: ask the handler. Default and empty: none offered.
         */
        public Builder alpn(List<String> protocols) {
            for (String protocol : protocols) {
                require(!protocol.isEmpty() && protocol.length() <= 255, "alpn", protocol, "1 to 255 characters");
            }
            alpn = List.copyOf(protocols);
            return this;
        }

        /** Clients: the name to ask for and to check instead of the host connected to. Default none: that host. */
        public Builder serverName(String serverName) {
            only(!server, "serverName", "clients");
            Objects.requireNonNull(serverName, "serverName: must not be null");
            if (!NetUtil.isValidIpV4Address(serverName) && !NetUtil.isValidIpV6Address(serverName)) {
                try {
                    new SNIHostName(serverName);
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("serverName: " + serverName + " (must be a host name)", e);
                }
            }
            this.serverName = serverName;
            return this;
        }

        /**
         * Clients: whether the certificate must be for the host connected to. Default yes. Without it any trusted
         * certificate of anybody will do: trust one issuer of your own, or pin.
         */
        public Builder verifyHostname(boolean verifyHostname) {
            only(!server, "verifyHostname", "clients");
            this.verifyHostname = verifyHostname;
            return this;
        }

        /** Versions to offer, of "TLSv1.3" and "TLSv1.2". Default both. */
        public Builder protocols(List<String> protocols) {
            notEmpty("protocols", protocols);
            for (String protocol : protocols) {
                require(PROTOCOLS.contains(protocol), "protocols", protocol, "one of " + PROTOCOLS);
            }
            this.protocols = protocols.stream().distinct().toList();
            return this;
        }

        /**
         * Cipher suites by their IANA names, best first. Default and empty: those with forward secrecy and
         * authenticated encryption. BoringSSL offers its TLS 1.3 suites whatever stands here.
         */
        public Builder ciphers(List<String> ciphers) {
            this.ciphers = List.copyOf(ciphers);
            return this;
        }

        /** Sessions remembered for resumption, the oldest goes first. Default 20,480; at least 1. */
        public Builder sessionCacheSize(int sessions) {
            require(sessions > 0, "sessionCacheSize", sessions, "at least 1");
            sessionCacheSize = sessions;
            return this;
        }

        /**
         * How long a session may be resumed, and so how long a peer is trusted without being checked again. Default 1
         * hour; from 1 second to 7 days. A server on OpenSSL cannot be told so for TLS 1.3: its tickets are good for 2
         * days, and renewed until 7 days after the check.
         */
        public Builder sessionTimeout(Duration timeout) {
            boolean valid = timeout.toSeconds() >= 1 && timeout.compareTo(MAX_SESSION_TIMEOUT) <= 0;
            require(valid, "sessionTimeout", timeout, "from PT1S to " + MAX_SESSION_TIMEOUT);
            sessionTimeout = timeout;
            return this;
        }

        /** Which implementation runs. Default {@link Provider#AUTO}. */
        public Builder provider(Provider provider) {
            this.provider = Objects.requireNonNull(provider, "provider: must not be null");
            return this;
        }

        /**
         * How often the files are looked at for changes. Default 1 minute; at least 100 ms, or zero to look only when
         * asked.
         */
        public Builder reloadEvery(Duration period) {
            boolean valid = period.isZero() || period.toMillis() >= 100;
            require(valid, "reloadEvery", period, "at least PT0.1S, or zero for never");
            reloadEvery = period;
            return this;
        }

        /** Hears when files were read again. Default none. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /**
         * The configuration.
         *
         * @throws IllegalArgumentException when a server asks for certificates and nothing says which to trust, or
         *     when trust or pins are given and there is no peer certificate to check
         */
        public TlsConfig build() {
            boolean asks = !server || clientCertificates != ClientCertificates.NONE;
            if (server && asks && trust == null) {
                throw new IllegalArgumentException("trust: not set (clientCertificates is " + clientCertificates
                        + ", so say whose certificates are accepted)");
            }
            if (!asks && (trust != null || !pins.isEmpty())) {
                throw new IllegalArgumentException("clientCertificates: NONE (trust and pins are about the certificates"
                        + " of clients; make them OPTIONAL or REQUIRED)");
            }
            return new TlsConfig(new TlsSettings(
                    server,
                    provider,
                    List.copyOf(identities),
                    trust,
                    clientCertificates,
                    pins,
                    alpn,
                    serverName,
                    verifyHostname,
                    protocols,
                    ciphers,
                    sessionCacheSize,
                    sessionTimeout,
                    reloadEvery,
                    listener));
        }

        private static void only(boolean right, String option, String side) {
            if (!right) {
                throw new IllegalStateException(option + ": is for " + side + " only");
            }
        }

        private static void notEmpty(String name, List<?> list) {
            require(!list.isEmpty(), name, list, "at least one");
        }

        private static void require(boolean valid, String name, Object value, String rule) {
            if (!valid) {
                throw new IllegalArgumentException(name + ": " + value + " (must be " + rule + ")");
            }
        }
    }
}
