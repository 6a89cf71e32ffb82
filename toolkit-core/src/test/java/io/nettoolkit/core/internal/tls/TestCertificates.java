package io.nettoolkit.core.internal.tls;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.UnaryOperator;

/** Makes certificates for tests, and the PEM files they are read from. */
final class TestCertificates {

    private TestCertificates() {}

    static X509Bundle authority(String name) {
        return build(() -> new CertificateBuilder()
                .ecp256()
                .subject("CN=" + name)
                .setIsCertificateAuthority(true)
                .buildSelfSigned());
    }

    static X509Bundle issuedBy(X509Bundle authority, String... dnsNames) {
        return issuedBy(authority, builder -> builder, dnsNames);
    }

    static X509Bundle issuedBy(X509Bundle authority, UnaryOperator<CertificateBuilder> more, String... dnsNames) {
        return build(() -> {
            CertificateBuilder builder = new CertificateBuilder().ecp256().subject("CN=" + dnsNames[0] + " of test");
            for (String name : dnsNames) {
                builder.addSanDnsName(name);
            }
            return more.apply(builder).buildIssuedBy(authority);
        });
    }

    static List<X509Certificate> chain(X509Bundle bundle) {
        return List.of(bundle.getCertificatePath());
    }

    static List<X509Certificate> root(X509Bundle bundle) {
        return List.of(bundle.getRootCertificate());
    }

    /** Writes chain.pem and key.pem. */
    static void write(Path directory, X509Bundle bundle) {
        write(directory.resolve("chain.pem"), bundle.getCertificatePathPEM());
        write(directory.resolve("key.pem"), bundle.getPrivateKeyPEM());
    }

    static Path write(Path file, String content) {
        try {
            return Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Build {
        X509Bundle run() throws Exception;
    }

    private static X509Bundle build(Build build) {
        try {
            return build.run();
        } catch (Exception e) {
            throw new IllegalStateException("certificate for the test", e);
        }
    }
}
