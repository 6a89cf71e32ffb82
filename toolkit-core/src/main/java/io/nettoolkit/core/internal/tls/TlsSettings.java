package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.TlsConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link TlsConfig} holds, keys and passwords included, for the internals alone. Everything is immutable, so
 * that the record's own {@code equals} makes configurations comparable.
 */
public record TlsSettings(
        boolean server,
        TlsConfig.Provider provider,
        List<IdentitySource> identities,
        @Nullable TrustSource trust,
        TlsConfig.ClientCertificates clientCertificates,
        List<String> pins,
        List<String> alpn,
        @Nullable String serverName,
        boolean verifyHostname,
        List<String> protocols,
        List<String> ciphers,
        int sessionCacheSize,
        Duration sessionTimeout,
        Duration reloadEvery,
        TlsConfig.Listener listener) {

    private static @Nullable Function<TlsConfig, TlsSettings> reader;

    /** Lets {@link TlsConfig} open its settings to the internals without showing them to its users. */
    public static void readThrough(Function<TlsConfig, TlsSettings> reader) {
        TlsSettings.reader = reader;
    }

    /** The settings inside a configuration. */
    public static TlsSettings of(TlsConfig config) {
        // Set by the static initialiser of the class whose instance is the argument.
        return Objects.requireNonNull(reader).apply(config);
    }

    /** Every file that is read and watched, each once. */
    public Set<Path> files() {
        Set<Path> files = new LinkedHashSet<>();
        identities.forEach(identity -> files.addAll(identity.files()));
        if (trust != null) {
            files.addAll(trust.files());
        }
        return files;
    }

    /** Whether the peer's certificate is asked for. */
    boolean verifiesPeer() {
        return !server || clientCertificates != TlsConfig.ClientCertificates.NONE;
    }
}
