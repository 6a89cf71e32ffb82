package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where one certificate chain with its private key comes from. {@code toString} never shows a secret. */
public sealed interface IdentitySource {

    /** The chain and the key, checked against each other. */
    Identity load(FileSnapshot files) throws NetException;

    /** The files to read and to watch; none for material in memory. */
    List<Path> files();

    /** Two PEM files, which may be the same one; the password opens an encrypted key. */
    final class Files implements IdentitySource {
        private final Path chain;
        private final Path key;
        private final char @Nullable [] password;

        /** The password is copied. */
        public Files(Path chain, Path key, char @Nullable [] password) {
            this.chain = chain;
            this.key = key;
            this.password = password == null ? null : password.clone();
        }

        @Override
        public Identity load(FileSnapshot files) throws NetException {
            List<X509Certificate> certificates = Pem.certificates(chain, files.bytes(chain));
            PrivateKey privateKey = PrivateKeys.read(key, files.bytes(key), password);
            return Identity.of("files " + chain + " and " + key, certificates, privateKey);
        }

        @Override
        public List<Path> files() {
            return List.of(chain, key);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Files that
                    && that.chain.equals(chain)
                    && that.key.equals(key)
                    && Arrays.equals(that.password, password);
        }

        @Override
        public int hashCode() {
            return Objects.hash(chain, key);
        }

        @Override
        public String toString() {
            return chain + " with key " + key;
        }
    }

    /** A chain and a key that the application holds. */
    record InMemory(List<X509Certificate> chain, PrivateKey key) implements IdentitySource {
        /** The chain is copied. */
        public InMemory {
            chain = List.copyOf(chain);
        }

        @Override
        public Identity load(FileSnapshot files) throws NetException {
            return Identity.of("certificate in memory", chain, key);
        }

        @Override
        public List<Path> files() {
            return List.of();
        }

        @Override
        public String toString() {
            return "'" + chain.get(0).getSubjectX500Principal() + "' in memory";
        }
    }
}
