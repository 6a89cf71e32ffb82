package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A certificate chain with the private key of its first certificate.
 *
 * @param dnsNames the names in the first certificate, in lower case
 */
record Identity(List<X509Certificate> chain, PrivateKey key, List<String> dnsNames) {

    private static final int SAN_DNS = 2;
    private static final byte[] PROBE = "does this key belong to this certificate?".getBytes(StandardCharsets.US_ASCII);

    /** Checks that the key belongs to the first certificate. */
    static Identity of(String origin, List<X509Certificate> chain, PrivateKey key) throws NetException {
        X509Certificate own = chain.get(0);
        if (!matches(own.getPublicKey(), key)) {
            throw FileSnapshot.failure(
                    origin + ": the private key does not match the certificate '" + own.getSubjectX500Principal()
                            + "'; the certificate of the key must stand first in the chain",
                    null);
        }
        return new Identity(List.copyOf(chain), key, dnsNames(own));
    }

    /** RSA keys share the modulus; for the others a signature tells, which works for keys in hardware as well. */
    static boolean matches(PublicKey publicKey, PrivateKey key) {
        if (publicKey instanceof RSAKey first && key instanceof RSAKey second) {
            return first.getModulus().equals(second.getModulus());
        }
        String signature = key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : key.getAlgorithm();
        try {
            Signature signer = Signature.getInstance(signature);
            signer.initSign(key);
            signer.update(PROBE);
            byte[] signed = signer.sign();
            Signature verifier = Signature.getInstance(signature);
            verifier.initVerify(publicKey);
            verifier.update(PROBE);
            return verifier.verify(signed);
        } catch (GeneralSecurityException | ProviderException e) {
            return false;
        }
    }

    private static List<String> dnsNames(X509Certificate certificate) throws NetException {
        List<String> names = new ArrayList<>();
        try {
            if (certificate.getSubjectAlternativeNames() != null) {
                for (List<?> name : certificate.getSubjectAlternativeNames()) {
                    if (name.get(0).equals(SAN_DNS)) {
                        names.add(String.valueOf(name.get(1)).toLowerCase(Locale.ROOT));
                    }
                }
            }
        } catch (CertificateParsingException e) {
            throw FileSnapshot.failure("names of '" + certificate.getSubjectX500Principal() + "' cannot be read", e);
        }
        return List.copyOf(names);
    }

    /** "RSA", "EC", "EdDSA", …: what TLS asks for. */
    String keyType() {
        return chain.get(0).getPublicKey().getAlgorithm();
    }

    /** When the first certificate stops being valid. */
    Instant expires() {
        return chain.get(0).getNotAfter().toInstant();
    }

    /** From when the first certificate is valid. */
    Instant begins() {
        return chain.get(0).getNotBefore().toInstant();
    }

    /** Who this is, for messages. */
    String subject() {
        return chain.get(0).getSubjectX500Principal().toString();
    }
}
