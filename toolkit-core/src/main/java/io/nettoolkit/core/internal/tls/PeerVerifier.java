package io.nettoolkit.core.internal.tls;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's check of the peer's chain (path, dates, host name), then the pins, with refusals that say what to do.
 * A resumed session is not checked again: it was checked when it was made, under the same settings, because sessions
 * do not outlive the context they belong to.
 */
final class PeerVerifier extends X509ExtendedTrustManager {

    /** Numbers of OpenSSL's X509_V_ERR_ constants, from which it finds the alert for the peer. */
    private static final int NOT_YET_VALID = 9;

    private static final int EXPIRED = 10;
    private static final int UNKNOWN_ISSUER = 20;
    private static final int REJECTED = 28;
    private static final int HOSTNAME_MISMATCH = 62;

    private final X509ExtendedTrustManager platform;
    private final Pins pins;
    private final LongAdder checks;

    /**
     * A verifier.
     *
     * @param trusted the certificates to trust; {@code null} for those the JVM ships, empty for none
     * @param checks counts the chains looked at
     */
    PeerVerifier(@Nullable List<X509Certificate> trusted, Pins pins, LongAdder checks)
            throws GeneralSecurityException, IOException {
        this.platform = platform(trusted);
        this.pins = pins;
        this.checks = checks;
    }

    private static X509ExtendedTrustManager platform(@Nullable List<X509Certificate> trusted)
            throws GeneralSecurityException, IOException {
        KeyStore store = null;
        if (trusted != null) {
            store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < trusted.size(); i++) {
                store.setCertificateEntry(Integer.toString(i), trusted.get(i));
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) {
                return extended;
            }
        }
        throw new GeneralSecurityException("this JVM has no X509ExtendedTrustManager");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        check(chain, engine, () -> platform.checkServerTrusted(chain, authType, engine));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        check(chain, engine, () -> platform.checkClientTrusted(chain, authType, engine));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain, null, () -> platform.checkServerTrusted(chain, authType, socket));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain, null, () -> platform.checkClientTrusted(chain, authType, socket));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain, null, () -> platform.checkServerTrusted(chain, authType));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain, null, () -> platform.checkClientTrusted(chain, authType));
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return platform.getAcceptedIssuers();
    }

    private interface PlatformCheck {
        void run() throws CertificateException;
    }

    private void check(X509Certificate[] chain, @Nullable SSLEngine engine, PlatformCheck platformCheck)
            throws CertificateException {
        checks.increment();
        try {
            platformCheck.run();
        } catch (CertificateException e) {
            throw refusal(e, chain, engine);
        }
        try {
            pins.check(chain, getAcceptedIssuers());
        } catch (CertificateException e) {
            throw refusal(engine, e.getMessage(), REJECTED, e);
        }
    }

    private static CertificateException refusal(
            CertificateException refusal, X509Certificate[] chain, @Nullable SSLEngine engine) {
        String said = String.valueOf(refusal.getMessage());
        X509Certificate peer = chain[0];
        String subject = "certificate '" + peer.getSubjectX500Principal() + "' ";
        Instant now = Instant.now();
        if (said.contains("No subject alternative") || said.contains("No name matching")) {
            String host = engine == null ? "the host" : "'" + engine.getPeerHost() + "'";
            String text = subject + "is for " + names(peer) + ", not for " + host
                    + "; connect by one of its names, or give that name as serverName";
            return refusal(engine, text, HOSTNAME_MISMATCH, refusal);
        }
        for (X509Certificate link : chain) {
            if (now.isAfter(link.getNotAfter().toInstant())) {
                String text = "certificate '" + link.getSubjectX500Principal() + "' expired on "
                        + link.getNotAfter().toInstant();
                return refusal(engine, text, EXPIRED, refusal);
            }
            if (now.isBefore(link.getNotBefore().toInstant())) {
                String text = "certificate '" + link.getSubjectX500Principal() + "' is not valid before "
                        + link.getNotBefore().toInstant() + "; is the clock right?";
                return refusal(engine, text, NOT_YET_VALID, refusal);
            }
        }
        if (said.contains("unable to find valid certification path") || said.contains("trustAnchors")) {
            X509Certificate last = chain[chain.length - 1];
            String text = subject + "leads to issuer '" + last.getIssuerX500Principal()
                    + "', which is not trusted here; add that issuer's certificate to trust";
            return refusal(engine, text, UNKNOWN_ISSUER, refusal);
        }
        return refusal(engine, subject + "is refused: " + said, REJECTED, refusal);
    }

    /** The JDK chooses the alert for the peer itself, OpenSSL is told by a number. */
    private static CertificateException refusal(
            @Nullable SSLEngine engine, @Nullable String text, int openSslError, CertificateException cause) {
        return engine instanceof ReferenceCountedOpenSslEngine
                ? new OpenSslCertificateException(text, cause, openSslError)
                : new CertificateException(text, cause);
    }

    private static List<String> names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                alternatives.forEach(name -> names.add(String.valueOf(name.get(1))));
            }
        } catch (CertificateParsingException e) {
            names.add("unreadable names");
        }
        return names;
    }
}
