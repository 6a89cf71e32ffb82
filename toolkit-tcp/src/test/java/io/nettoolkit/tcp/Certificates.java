package io.nettoolkit.tcp;

import io.nettoolkit.core.TlsConfig;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An authority of its own and what it vouches for. */
final class Certificates {

    private final X509Bundle authority;

    Certificates() throws Exception {
        authority = new CertificateBuilder()
                .ecp256()
                .subject("CN=authority of the test")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
    }

    /** For localhost and 127.0.0.1. */
    X509Bundle issue(String commonName) throws Exception {
        return new CertificateBuilder()
                .ecp256()
                .subject("CN=" + commonName)
                .addSanDnsName("localhost")
                .addSanIpAddress("127.0.0.1")
                .buildIssuedBy(authority);
    }

    TlsConfig server() throws Exception {
        X509Bundle own = issue("server");
        return TlsConfig.server(
                        List.of(own.getCertificatePath()), own.getKeyPair().getPrivate())
                .build();
    }

    TlsConfig client() {
        return TlsConfig.client().trust(List.of(authority.getRootCertificate())).build();
    }

    /** Writes chain.pem and key.pem. */
    static void write(Path directory, X509Bundle bundle) throws IOException {
        Files.writeString(directory.resolve("key.pem"), bundle.getPrivateKeyPEM());
        Files.writeString(directory.resolve("chain.pem"), bundle.getCertificatePathPEM());
    }

    /** Trusts the authority. */
    Path writeAuthority(Path directory) throws IOException {
        return Files.writeString(directory.resolve("authority.pem"), authority.getRootCertificatePEM());
    }
}
