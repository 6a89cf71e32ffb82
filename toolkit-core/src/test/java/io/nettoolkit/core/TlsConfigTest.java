package io.nettoolkit.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nettoolkit.core.TlsConfig.ClientCertificates;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TlsConfigTest {

    private static final Path CHAIN = Path.of("chain.pem");
    private static final Path KEY = Path.of("key.pem");
    private static final String PIN = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private static X509Certificate certificate;
    private static PrivateKey privateKey;

    @BeforeAll
    static void makeCertificate() throws Exception {
        X509Bundle bundle = new CertificateBuilder()
                .ecp256()
                .subject("CN=in memory")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        certificate = bundle.getCertificate();
        privateKey = bundle.getKeyPair().getPrivate();
    }

    private static TlsConfig.Builder everyServerOption() {
        return TlsConfig.server(CHAIN, KEY, "hush".toCharArray())
                .addCertificate(List.of(certificate), privateKey)
                .clientCertificates(ClientCertificates.OPTIONAL)
                .trust(Path.of("clients.pem"))
                .pins(List.of(PIN))
                .alpn(List.of("h2"))
                .protocols(List.of("TLSv1.2"))
                .ciphers(List.of("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"))
                .sessionCacheSize(7)
                .sessionTimeout(Duration.ofSeconds(8))
                .provider(TlsConfig.Provider.JDK)
                .reloadEvery(Duration.ofSeconds(9));
    }

    private static TlsConfig.Builder everyClientOption() {
        return TlsConfig.client()
                .addCertificate(CHAIN, KEY)
                .trust(List.of(certificate))
                .serverName("db.example.com")
                .verifyHostname(false);
    }

    @Test
    void isEqualWhenAllOptionsAre() {
        assertThat(everyServerOption().build())
                .isEqualTo(everyServerOption().build())
                .hasSameHashCodeAs(everyServerOption().build());
        assertThat(everyClientOption().build()).isEqualTo(everyClientOption().build());
    }

    @Test
    void goesThroughToBuilderUnchanged() {
        TlsConfig server = everyServerOption().build();
        TlsConfig client = everyClientOption().build();

        assertThat(server.toBuilder().build()).isEqualTo(server).isNotSameAs(server);
        assertThat(client.toBuilder().build()).isEqualTo(client);
        assertThat(server.isServer()).isTrue();
        assertThat(client.isServer()).isFalse();
    }

    @Test
    void differsInEveryOption() {
        List<UnaryOperator<TlsConfig.Builder>> changes = List.of(
                builder -> builder.addCertificate(CHAIN, KEY),
                builder -> builder.clientCertificates(ClientCertificates.REQUIRED),
                builder -> builder.trustSystem(),
                builder -> builder.trust(List.of(certificate)),
                builder -> builder.pins(List.of()),
                builder -> builder.alpn(List.of("h3")),
                builder -> builder.protocols(List.of("TLSv1.3")),
                builder -> builder.ciphers(List.of()),
                builder -> builder.sessionCacheSize(1),
                builder -> builder.sessionTimeout(Duration.ofDays(7)),
                builder -> builder.provider(TlsConfig.Provider.AUTO),
                builder -> builder.reloadEvery(Duration.ZERO),
                builder -> builder.listener(new TlsConfig.Listener() {}));
        List<TlsConfig> different = new ArrayList<>(List.of(everyServerOption().build()));
        for (UnaryOperator<TlsConfig.Builder> change : changes) {
            different.add(change.apply(everyServerOption()).build());
        }
        different.add(everyClientOption().build());
        different.add(everyClientOption().serverName("x.example.com").build());
        different.add(everyClientOption().verifyHostname(true).build());

        assertThat(different).doesNotHaveDuplicates();
        assertThat(TlsConfig.server(CHAIN, KEY, "a".toCharArray()).build())
                .isNotEqualTo(TlsConfig.server(CHAIN, KEY, "b".toCharArray()).build());
    }

    @Test
    void showsItsOptionsWithoutSecrets() {
        String text = everyServerOption().build().toString();

        assertThat(text)
                .startsWith("TlsConfig[server=true, provider=JDK, identities=[chain.pem with key key.pem, "
                        + "'CN=in memory' in memory], trust=clients.pem")
                .contains("clientCertificates=OPTIONAL", "reloadEvery=PT9S", "listener=NONE")
                .doesNotContain("hush")
                .doesNotContain(privateKey.toString());
    }

    @Test
    void doesNotChangeWithTheArgumentsItWasGiven() {
        char[] password = "hush".toCharArray();
        List<String> alpn = new ArrayList<>(List.of("h2"));
        TlsConfig config = TlsConfig.server(CHAIN, KEY, password).alpn(alpn).build();

        password[0] = 'p';
        alpn.add("h3");

        assertThat(config)
                .isEqualTo(TlsConfig.server(CHAIN, KEY, "hush".toCharArray())
                        .alpn(List.of("h2"))
                        .build());
    }

    @Test
    void takesPinsWithAndWithoutPrefix() {
        String bare = PIN.substring("sha256/".length());

        assertThat(TlsConfig.client().pins(List.of(bare, PIN)).build())
                .isEqualTo(TlsConfig.client().pins(List.of(PIN)).build());
        assertThat(TlsConfig.client()
                        .pins(List.of(TlsConfig.pinOf(certificate)))
                        .build())
                .isNotNull();
        for (String bad : List.of("", "sha256/", "sha256/AAAA", "sha1/" + bare, bare + "!")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> TlsConfig.client().pins(List.of(bad)))
                    .withMessageContaining("pins: " + bad);
        }
    }

    @Test
    void refusesBadArgumentsAtTheCall() {
        TlsConfig.Builder client = TlsConfig.client();
        refused(() -> client.protocols(List.of()), "protocols: [] (must be at least one)");
        refused(() -> client.protocols(List.of("TLSv1.1")), "protocols: TLSv1.1 (must be one of [TLSv1.3, TLSv1.2])");
        refused(() -> client.alpn(List.of("")), "alpn:  (must be 1 to 255 characters)");
        refused(() -> client.serverName("a b"), "serverName: a b (must be a host name)");
        refused(() -> client.serverName(""), "serverName:  (must be a host name)");
        refused(() -> client.sessionCacheSize(0), "sessionCacheSize: 0 (must be at least 1)");
        refused(() -> client.sessionTimeout(Duration.ofMillis(999)), "sessionTimeout: PT0.999S (must be from PT1S");
        refused(
                () -> client.sessionTimeout(Duration.ofDays(8)),
                "sessionTimeout: PT192H (must be from PT1S to PT168H)");
        refused(() -> client.reloadEvery(Duration.ofMillis(99)), "reloadEvery: PT0.099S (must be at least PT0.1S");
        refused(() -> client.reloadEvery(Duration.ofSeconds(-1)), "reloadEvery: PT-1S");
        refused(() -> client.trust(List.of()), "certificates: [] (must be at least one)");
        refused(() -> client.addCertificate(List.of(), privateKey), "certificateChain: [] (must be at least one)");
        assertThatNullPointerException()
                .isThrownBy(() -> client.trust((Path) null))
                .withMessageContaining("certificates");
        assertThat(client.serverName("192.0.2.1").serverName("2001:db8::1").serverName("backend"))
                .isSameAs(client);
    }

    private static void refused(Runnable call, String message) {
        assertThatIllegalArgumentException().isThrownBy(call::run).withMessageContaining(message);
    }

    @Test
    void refusesOptionsOfTheOtherSide() {
        assertThatIllegalStateException()
                .isThrownBy(() -> TlsConfig.client().clientCertificates(ClientCertificates.REQUIRED))
                .withMessage("clientCertificates: is for servers only");
        assertThatIllegalStateException()
                .isThrownBy(() -> TlsConfig.server(CHAIN, KEY).serverName("x"))
                .withMessage("serverName: is for clients only");
        assertThatIllegalStateException()
                .isThrownBy(() -> TlsConfig.server(CHAIN, KEY).verifyHostname(false))
                .withMessage("verifyHostname: is for clients only");
    }

    @Test
    void refusesCombinationsThatMakeNoSense() {
        refused(
                () -> TlsConfig.server(CHAIN, KEY)
                        .clientCertificates(ClientCertificates.REQUIRED)
                        .build(),
                "trust: not set (clientCertificates is REQUIRED");
        refused(() -> TlsConfig.server(CHAIN, KEY).trustSystem().build(), "clientCertificates: NONE (trust and pins");
        refused(() -> TlsConfig.server(CHAIN, KEY).pins(List.of(PIN)).build(), "clientCertificates: NONE");
    }
}
