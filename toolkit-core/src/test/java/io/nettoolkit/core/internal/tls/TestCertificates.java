package io.nettoolkit.core.internal.tls;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
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
            if (dnsNames[0].startsWith("*")) {
                addWildcard(builder, dnsNames[0]);
            } else {
                List.of(dnsNames).forEach(builder::addSanDnsName);
            }
            return more.apply(builder).buildIssuedBy(authority);
        });
    }

    /** The builder takes no wildcard as a name: {@code SEQUENCE { [2] name }} by hand. */
    private static void addWildcard(CertificateBuilder builder, String name) {
        byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
        byte[] names = new byte[ascii.length + 4];
        names[0] = 0x30;
        names[1] = (byte) (ascii.length + 2);
        names[2] = (byte) 0x82;
        names[3] = (byte) ascii.length;
        System.arraycopy(ascii, 0, names, 4, ascii.length);
        builder.addExtensionOctetString("2.5.29.17", false, names);
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
