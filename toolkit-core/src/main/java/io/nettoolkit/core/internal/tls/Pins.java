package io.nettoolkit.core.internal.tls;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Public keys of which at least one must take part in vouching for the peer. A pin is the SHA-256 of a certificate's
 * SubjectPublicKeyInfo, as in RFC 7469.
 *
 * <p>Only the path from the peer's certificate to a trusted one counts, not the list the peer sent: anybody can append
 * the pinned certificate, which is public, to a chain it has no part in.
 */
public final class Pins {

    static final String PREFIX = "sha256/";
    private static final int SHA_256_BYTES = 32;

    private final Set<String> pins;

    Pins(Collection<String> pins) {
        this.pins = Set.copyOf(pins);
    }

    /** The pin of a certificate's key. */
    public static String of(Certificate certificate) {
        byte[] hash = FileSnapshot.sha256().digest(certificate.getPublicKey().getEncoded());
        return PREFIX + Base64.getEncoder().encodeToString(hash);
    }

    /** The pin with its prefix, which may be left out. */
    public static String normalized(String pin) {
        String base64 = pin.startsWith(PREFIX) ? pin.substring(PREFIX.length()) : pin;
        try {
            if (Base64.getDecoder().decode(base64).length == SHA_256_BYTES) {
                return PREFIX + base64;
            }
        } catch (IllegalArgumentException e) {
            // Falls through to the one message for both.
        }
        throw new IllegalArgumentException(
                "pins: " + pin + " (must be the base64 of a SHA-256 hash, 44 characters, after an optional 'sha256/')");
    }

    boolean isEmpty() {
        return pins.isEmpty();
    }

    /** Refuses a chain that was found trusted, but whose trusted path has none of the pinned keys. */
    void check(X509Certificate[] chain, X509Certificate[] authorities) throws CertificateException {
        if (pins.isEmpty()) {
            return;
        }
        List<X509Certificate> path = trustedPath(chain, authorities);
        StringBuilder seen = new StringBuilder();
        for (X509Certificate certificate : path) {
            String pin = of(certificate);
            if (pins.contains(pin)) {
                return;
            }
            seen.append("\n  ")
                    .append(pin)
                    .append(" of '")
                    .append(certificate.getSubjectX500Principal())
                    .append('\'');
        }
        throw new CertificateException("none of the " + pins.size()
                + " pinned keys vouches for the peer; either it is not who it should be, or it changed its keys and"
                + " the pins must follow. Seen:" + seen);
    }

    private static List<X509Certificate> trustedPath(X509Certificate[] chain, X509Certificate[] authorities)
            throws CertificateException {
        if (Arrays.asList(authorities).contains(chain[0])) {
            return List.of(chain[0]);
        }
        Set<TrustAnchor> anchors = new HashSet<>();
        for (X509Certificate authority : authorities) {
            anchors.add(new TrustAnchor(authority, null));
        }
        X509CertSelector target = new X509CertSelector();
        target.setCertificate(chain[0]);
        try {
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
            parameters.setRevocationEnabled(false);
            parameters.addCertStore(
                    CertStore.getInstance("Collection", new CollectionCertStoreParameters(Arrays.asList(chain))));
            PKIXCertPathBuilderResult result = (PKIXCertPathBuilderResult)
                    CertPathBuilder.getInstance("PKIX").build(parameters);
            List<X509Certificate> path = new ArrayList<>();
            for (Certificate certificate : result.getCertPath().getCertificates()) {
                path.add((X509Certificate) certificate);
            }
            path.add(result.getTrustAnchor().getTrustedCert());
            return path;
        } catch (GeneralSecurityException e) {
            throw new CertificateException("pins cannot be checked: no path to a trusted certificate", e);
        }
    }
}
