package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the certificates come from that may vouch for a peer. */
public sealed interface TrustSource {

    /** The trusted certificates; {@code null} for those the JVM ships. */
    @Nullable
    List<X509Certificate> load(FileSnapshot files) throws NetException;

    /** The files to read and to watch. */
    List<Path> files();

    /** What the JVM trusts. */
    record SystemDefault() implements TrustSource {
        @Override
        public @Nullable List<X509Certificate> load(FileSnapshot files) {
            return null;
        }

        @Override
        public List<Path> files() {
            return List.of();
        }

        @Override
        public String toString() {
            return "system default";
        }
    }

    /** Certificates the application holds. */
    record InMemory(List<X509Certificate> certificates) implements TrustSource {
        /** The list is copied. */
        public InMemory {
            certificates = List.copyOf(certificates);
        }

        @Override
        public List<X509Certificate> load(FileSnapshot files) {
            return certificates;
        }

        @Override
        public List<Path> files() {
            return List.of();
        }

        @Override
        public String toString() {
            return certificates.stream()
                    .map(certificate -> "'" + certificate.getSubjectX500Principal() + "'")
                    .toList()
                    .toString();
        }
    }

    /** A PEM file of certificates. */
    record File(Path path) implements TrustSource {
        @Override
        public List<X509Certificate> load(FileSnapshot files) throws NetException {
            return Pem.certificates(path, files.bytes(path));
        }

        @Override
        public List<Path> files() {
            return List.of(path);
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }
}
