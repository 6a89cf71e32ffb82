package io.nettoolkit.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.TlsConfig.ClientCertificates;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslHandler;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.ReferenceCountUtil;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLSessionContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Handshakes in one thread, every provider with every other. */
class TlsHandshakeTest {

    private static final X509Bundle AUTHORITY = TestCertificates.authority("authority");
    private static final X509Bundle SERVER = TestCertificates.issuedBy(AUTHORITY, "db.example.com", "backend");
    private static final X509Bundle CLIENT = TestCertificates.issuedBy(AUTHORITY, "client");

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    static Stream<Arguments> providers() {
        return Stream.of(
                Arguments.of(TlsConfig.Provider.JDK, TlsConfig.Provider.JDK),
                Arguments.of(TlsConfig.Provider.JDK, TlsConfig.Provider.OPENSSL),
                Arguments.of(TlsConfig.Provider.OPENSSL, TlsConfig.Provider.JDK),
                Arguments.of(TlsConfig.Provider.OPENSSL, TlsConfig.Provider.OPENSSL));
    }

    private static TlsConfig.Builder server(TlsConfig.Provider provider) {
        return server(provider, SERVER);
    }

    private static TlsConfig.Builder server(TlsConfig.Provider provider, X509Bundle bundle) {
        return TlsConfig.server(
                        TestCertificates.chain(bundle), bundle.getKeyPair().getPrivate())
                .provider(provider);
    }

    private static TlsConfig.Builder client(TlsConfig.Provider provider) {
        return TlsConfig.client().trust(TestCertificates.root(AUTHORITY)).provider(provider);
    }

    private LiveTls open(TlsConfig.Builder builder) throws NetException {
        LiveTls live = LiveTls.open(builder.build(), new ManualFileTasks());
        opened.add(live);
        return live;
    }

    private TlsPair connect(LiveTls server, LiveTls client, String host) {
        TlsPair pair = new TlsPair(server, client, host);
        opened.add(pair);
        return pair;
    }

    private TlsPair connect(TlsConfig.Builder server, TlsConfig.Builder client, String host) throws NetException {
        return connect(open(server), open(client), host);
    }

    @Test
    void openSslIsThereToBeTested() {
        assertThat(OpenSsl.isAvailable())
                .as("%s", OpenSsl.unavailabilityCause())
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void speaksTls13ByDefaultAndCarriesBytesBothWays(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        TlsPair pair = connect(server(server), client(client), "db.example.com").talk();

        assertThat(pair.clientSession().getProtocol()).isEqualTo("TLSv1.3");
        assertThat(pair.serverCertificate()).isEqualTo(SERVER.getCertificate());
    }

    @ParameterizedTest
    @MethodSource("providers")
    void speaksTheVersionAndSuiteThatIsConfigured(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        String suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
        TlsPair pair = connect(
                        server(server).protocols(List.of("TLSv1.2")),
                        client(client).protocols(List.of("TLSv1.2")).ciphers(List.of(suite)),
                        "db.example.com")
                .talk();

        assertThat(pair.clientSession().getProtocol()).isEqualTo("TLSv1.2");
        assertThat(pair.clientSession().getCipherSuite()).isEqualTo(suite);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void saysThatNoVersionIsInCommon(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        TlsPair pair = connect(
                server(server).protocols(List.of("TLSv1.3")),
                client(client).protocols(List.of("TLSv1.2")),
                "db.example.com");

        assertThat(pair.serverFailure().kind()).isEqualTo(Kind.TLS_HANDSHAKE);
        assertThat(pair.serverFailure()).hasMessageContaining("no TLS version in common");
        assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_HANDSHAKE);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void saysThatNoCipherIsInCommon(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        TlsPair pair = connect(
                server(server)
                        .protocols(List.of("TLSv1.2"))
                        .ciphers(List.of("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")),
                client(client)
                        .protocols(List.of("TLSv1.2"))
                        .ciphers(List.of("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")),
                "db.example.com");

        assertThat(pair.serverFailure().kind()).isEqualTo(Kind.TLS_HANDSHAKE);
        assertThat(pair.serverFailure()).hasMessageContaining("no cipher suite in common");
    }

    @ParameterizedTest
    @MethodSource("providers")
    void refusesACertificateForAnotherName(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        TlsPair pair = connect(server(server), client(client), "other.example.com");

        assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        assertThat(pair.clientFailure())
                .hasMessageContaining("is for [db.example.com, backend], not for 'other.example.com'");
        assertThat(pair.serverFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void takesAnyTrustedCertificateWhenTheNameIsNotChecked(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        connect(server(server), client(client).verifyHostname(false), "other.example.com")
                .talk();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void checksTheGivenServerNameInsteadOfTheHost(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        LiveTls live = open(server(server));
        connect(live, open(client(client).serverName("db.example.com")), "10.0.0.1")
                .talk();

        TlsPair refused = connect(live, open(client(client).serverName("x.example.com")), "db.example.com");
        assertThat(refused.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void takesAHostWithItsRootDotForTheSameName(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        X509Bundle other = TestCertificates.issuedBy(AUTHORITY, "other.example.com");
        LiveTls live = open(server(server)
                .addCertificate(
                        TestCertificates.chain(other), other.getKeyPair().getPrivate()));

        assertThat(shown(live, open(client(client)), "other.example.com.")).isEqualTo(other.getCertificate());
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void keepsAsManySessionsAsLongAsConfigured(TlsConfig.Provider provider) throws Exception {
        for (TlsConfig.Builder builder : List.of(server(provider), client(provider))) {
            LiveTls live = open(builder.sessionCacheSize(77).sessionTimeout(Duration.ofMinutes(2)));
            SSLSessionContext sessions = live.currentContext().sessionContext();

            assertThat(sessions.getSessionCacheSize()).isEqualTo(77);
            assertThat(sessions.getSessionTimeout()).isEqualTo(120);
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void refusesAnIssuerItDoesNotTrust(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        X509Bundle stranger = TestCertificates.issuedBy(TestCertificates.authority("stranger"), "db.example.com");
        TlsPair pair = connect(server(server, stranger), client(client), "db.example.com");

        assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        assertThat(pair.clientFailure()).hasMessageContaining("leads to issuer 'CN=stranger', which is not trusted");
        assertThat(pair.serverFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void refusesAnExpiredCertificateAndSaysSince(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        Instant end = Instant.now().minus(1, ChronoUnit.DAYS).truncatedTo(ChronoUnit.SECONDS);
        X509Bundle expired = TestCertificates.issuedBy(
                AUTHORITY,
                builder -> builder.notBefore(end.minus(9, ChronoUnit.DAYS)).notAfter(end),
                "db.example.com");
        TlsPair pair = connect(server(server, expired), client(client), "db.example.com");

        assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        assertThat(pair.clientFailure()).hasMessageContaining("expired on " + end);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void acceptsAClientWithATrustedCertificate(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        TlsPair pair = connect(mutual(server, ClientCertificates.REQUIRED), withCertificate(client, CLIENT), "backend")
                .talk();

        assertThat(pair.serverSession().getPeerCertificates()[0]).isEqualTo(CLIENT.getCertificate());
    }

    @ParameterizedTest
    @MethodSource("providers")
    void refusesAClientWithoutTheRequiredCertificate(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        TlsPair pair = connect(mutual(server, ClientCertificates.REQUIRED), client(client), "backend");

        assertThat(pair.serverFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        assertThat(pair.serverFailure()).hasMessageContaining("the client showed no certificate");
        assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void refusesAClientWhoseCertificateIsNotTrusted(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        X509Bundle stranger = TestCertificates.issuedBy(TestCertificates.authority("stranger"), "client");
        for (ClientCertificates policy : List.of(ClientCertificates.OPTIONAL, ClientCertificates.REQUIRED)) {
            TlsPair pair = connect(mutual(server, policy), withCertificate(client, stranger), "backend");

            assertThat(pair.isUp()).isFalse();
            assertThat(pair.serverFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
            assertThat(pair.serverFailure()).hasMessageContaining("'CN=stranger', which is not trusted");
            assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void letsAClientWithoutCertificateInWhenItIsOptional(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        connect(mutual(server, ClientCertificates.OPTIONAL), client(client), "backend")
                .talk();
    }

    private static TlsConfig.Builder mutual(TlsConfig.Provider provider, ClientCertificates policy) {
        return server(provider).clientCertificates(policy).trust(TestCertificates.root(AUTHORITY));
    }

    private static TlsConfig.Builder withCertificate(TlsConfig.Provider provider, X509Bundle bundle) {
        return client(provider)
                .addCertificate(
                        TestCertificates.chain(bundle), bundle.getKeyPair().getPrivate());
    }

    @ParameterizedTest
    @MethodSource("providers")
    void agreesOnTheServersFavouriteProtocol(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        TlsPair pair = connect(
                        server(server).alpn(List.of("h2", "http/1.1")),
                        client(client).alpn(List.of("http/1.1", "h2")),
                        "backend")
                .talk();

        assertThat(pair.clientTls.applicationProtocol()).isEqualTo("h2");
        assertThat(pair.serverTls.applicationProtocol()).isEqualTo("h2");
    }

    @ParameterizedTest
    @MethodSource("providers")
    void goesOnWithoutAProtocolWhenNoneIsInCommon(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        TlsPair pair = connect(server(server).alpn(List.of("a")), client(client).alpn(List.of("b")), "backend")
                .talk();

        assertThat(pair.clientTls.applicationProtocol()).isNull();
        assertThat(pair.serverTls.applicationProtocol()).isNull();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void choosesTheCertificateByTheNameTheClientAsksFor(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        X509Bundle exact = TestCertificates.issuedBy(AUTHORITY, "www.example.org");
        X509Bundle wildcard = TestCertificates.issuedBy(AUTHORITY, CertificateBuilder::rsa2048, "*.example.org");
        LiveTls live = open(server(server)
                .addCertificate(
                        TestCertificates.chain(wildcard), wildcard.getKeyPair().getPrivate())
                .addCertificate(
                        TestCertificates.chain(exact), exact.getKeyPair().getPrivate()));
        LiveTls any = open(client(client).verifyHostname(false));

        assertThat(shown(live, any, "www.example.org")).isEqualTo(exact.getCertificate());
        assertThat(shown(live, any, "WWW.example.ORG")).isEqualTo(exact.getCertificate());
        assertThat(shown(live, any, "mail.example.org")).isEqualTo(wildcard.getCertificate());
        assertThat(shown(live, any, "backend")).isEqualTo(SERVER.getCertificate());
        assertThat(shown(live, any, "a.b.example.org")).as("unknown").isEqualTo(SERVER.getCertificate());
        assertThat(shown(live, any, "10.1.2.3")).as("no name").isEqualTo(SERVER.getCertificate());
    }

    @ParameterizedTest
    @MethodSource("providers")
    void asksForANameWithoutADotAsWell(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        X509Bundle solo = TestCertificates.issuedBy(AUTHORITY, "solo");
        LiveTls live = open(server(server)
                .addCertificate(TestCertificates.chain(solo), solo.getKeyPair().getPrivate()));

        assertThat(shown(live, open(client(client)), "solo")).isEqualTo(solo.getCertificate());
    }

    private X509Certificate shown(LiveTls server, LiveTls client, String host) throws Exception {
        return connect(server, client, host).talk().serverCertificate();
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void choosesByKeyTypeAmongCertificatesOfOneName(TlsConfig.Provider client) throws Exception {
        X509Bundle rsa = TestCertificates.issuedBy(AUTHORITY, CertificateBuilder::rsa2048, "db.example.com");
        LiveTls live = open(server(TlsConfig.Provider.JDK)
                .protocols(List.of("TLSv1.2"))
                .addCertificate(TestCertificates.chain(rsa), rsa.getKeyPair().getPrivate()));

        LiveTls takesRsa = open(
                client(client).protocols(List.of("TLSv1.2")).ciphers(List.of("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")));
        LiveTls takesEc = open(client(client)
                .protocols(List.of("TLSv1.2"))
                .ciphers(List.of("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")));

        assertThat(shown(live, takesRsa, "db.example.com")).isEqualTo(rsa.getCertificate());
        assertThat(shown(live, takesEc, "db.example.com")).isEqualTo(SERVER.getCertificate());
    }

    @ParameterizedTest
    @MethodSource("providers")
    void acceptsAPinnedKeyOfTheTrustedPath(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        for (X509Certificate pinned : List.of(SERVER.getCertificate(), AUTHORITY.getCertificate())) {
            connect(server(server), client(client).pins(List.of(TlsConfig.pinOf(pinned))), "backend")
                    .talk();
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void refusesAPeerWithoutAPinnedKeyAndNamesWhatItSaw(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        String pin = TlsConfig.pinOf(CLIENT.getCertificate());
        TlsPair pair = connect(server(server), client(client).pins(List.of(pin)), "backend");

        assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
        assertThat(pair.clientFailure())
                .hasMessageContaining("none of the 1 pinned keys")
                .hasMessageContaining(TlsConfig.pinOf(SERVER.getCertificate()) + " of 'CN=db.example.com of test'")
                .hasMessageContaining(TlsConfig.pinOf(AUTHORITY.getCertificate()) + " of 'CN=authority'");
    }

    @ParameterizedTest
    @MethodSource("providers")
    void isNotFooledByAPinnedCertificateThatIsOnlyAppended(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        X509Certificate pinned =
                TestCertificates.issuedBy(AUTHORITY, "real.example.com").getCertificate();
        TlsConfig.Builder forger = TlsConfig.server(
                        List.of(SERVER.getCertificate(), pinned),
                        SERVER.getKeyPair().getPrivate())
                .provider(server);
        TlsPair pair = connect(forger, client(client).pins(List.of(TlsConfig.pinOf(pinned))), "backend");

        assertThat(pair.clientFailure()).hasMessageContaining("none of the 1 pinned keys");
    }

    @ParameterizedTest
    @MethodSource("providers")
    void pinsASelfSignedCertificateThatIsTrustedItself(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        X509Bundle self = new CertificateBuilder()
                .ecp256()
                .subject("CN=self")
                .addSanDnsName("backend")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        TlsConfig.Builder pinning = TlsConfig.client()
                .provider(client)
                .trust(List.of(self.getCertificate()))
                .pins(List.of(TlsConfig.pinOf(self.getCertificate())));

        connect(server(server, self), pinning, "backend").talk();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void resumesASessionWithoutLookingAtCertificatesAgain(TlsConfig.Provider server, TlsConfig.Provider client)
            throws Exception {
        for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
            LiveTls serving = open(mutual(server, ClientCertificates.REQUIRED).protocols(List.of(protocol)));
            LiveTls calling = open(withCertificate(client, CLIENT).protocols(List.of(protocol)));

            for (int i = 0; i < 3; i++) {
                connect(serving, calling, "backend").talk().close();
            }

            assertThat(calling.stats().peerChecks())
                    .as("%s, by the client", protocol)
                    .isEqualTo(1);
            assertThat(serving.stats().peerChecks())
                    .as("%s, by the server", protocol)
                    .isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void keepsSessionsOfDifferentHostsApart(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        LiveTls serving = open(server(server));
        LiveTls calling = open(client(client));

        connect(serving, calling, "backend").talk().close();
        TlsPair other = connect(serving, calling, "other.example.com");

        assertThat(other.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
    }

    @Test
    void takesOpenSslByItselfWhereItIsThere() throws Exception {
        assertThat(open(server(TlsConfig.Provider.AUTO)).toString()).contains("OPENSSL");
        assertThat(open(server(TlsConfig.Provider.JDK)).toString()).contains("JDK");
    }

    @ParameterizedTest
    @MethodSource("providers")
    void takesTheJdkForKeysThatOpenSslCannotUse(TlsConfig.Provider ignored, TlsConfig.Provider client)
            throws Exception {
        X509Bundle edwards = TestCertificates.issuedBy(
                AUTHORITY, builder -> builder.algorithm(CertificateBuilder.Algorithm.ed25519), "backend");

        assertThat(open(server(TlsConfig.Provider.AUTO, edwards)).toString()).contains("JDK");
        assertThatThrownBy(() -> open(server(TlsConfig.Provider.OPENSSL, edwards)))
                .isInstanceOf(NetException.class)
                .hasMessageContaining("insisted on")
                .hasMessageContaining("use provider JDK");
        if (client == TlsConfig.Provider.JDK) {
            connect(server(TlsConfig.Provider.AUTO, edwards), client(client), "backend")
                    .talk();
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void refusesACipherItsProviderDoesNotKnow(TlsConfig.Provider server, TlsConfig.Provider client) {
        assertThatThrownBy(() -> open(server(server).ciphers(List.of("TLS_MADE_UP"))))
                .isInstanceOf(NetException.class)
                .hasMessageContaining("ciphers: TLS_MADE_UP (unknown to provider");
    }

    @Test
    void needsANameToCheckACertificateAgainst() throws Exception {
        LiveTls server = open(server(TlsConfig.Provider.JDK));
        LiveTls client = open(client(TlsConfig.Provider.JDK));

        assertThatThrownBy(() -> client.newHandler(UnpooledByteBufAllocator.DEFAULT, null, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("peerHost: null");
        connect(server, open(client(TlsConfig.Provider.JDK).verifyHostname(false)), null)
                .talk();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void trustsNobodyUnknownByDefault(TlsConfig.Provider server, TlsConfig.Provider client) throws Exception {
        TlsPair pair = connect(server(server), TlsConfig.client().provider(client), "backend");

        assertThat(pair.clientFailure().kind()).isEqualTo(Kind.TLS_CERTIFICATE);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "OPENSSL"})
    void offersNeitherRsaKeyExchangeNorCbc(TlsConfig.Provider provider) throws Exception {
        LiveTls client = open(client(provider));
        SslHandler handler = client.newHandler(UnpooledByteBufAllocator.DEFAULT, "backend", 443);

        assertThat(handler.engine().getEnabledCipherSuites())
                .contains("TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
                .noneMatch(suite -> suite.startsWith("TLS_RSA_") || suite.contains("CBC"));
        ReferenceCountUtil.release(handler.engine());
    }
}
