package io.nettoolkit.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nettoolkit.core.NetException;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every form of certificate and key file, whole and broken. */
class PemTest {

    private static final Path FILE = Path.of("some.pem");
    private static final X509Bundle AUTHORITY = TestCertificates.authority("authority");
    private static final X509Bundle LEAF = TestCertificates.issuedBy(AUTHORITY, "leaf");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static PrivateKey key(String pem, @Nullable String password) throws NetException {
        return PrivateKeys.read(FILE, bytes(pem), password == null ? null : password.toCharArray());
    }

    @Test
    void readsCertificatesInTheOrderOfTheFile() throws Exception {
        String pem = LEAF.getCertificatePEM() + "\n" + AUTHORITY.getCertificatePEM();

        assertThat(Pem.certificates(FILE, bytes(pem)))
                .containsExactly(LEAF.getCertificate(), AUTHORITY.getCertificate());
    }

    @Test
    void skipsTextAroundBlocksAndTakesAnyLineEnd() throws Exception {
        String pem = "subject: x\r\n\r\n" + LEAF.getCertificatePEM().replace("\n", "\r\n") + "\r\nBag Attributes\r\n";

        assertThat(Pem.certificates(FILE, bytes(pem))).containsExactly(LEAF.getCertificate());
    }

    @Test
    void findsCertificateAndKeyInOneFile() throws Exception {
        String pem = LEAF.getPrivateKeyPEM() + "\n" + LEAF.getCertificatePEM();

        assertThat(Pem.certificates(FILE, bytes(pem))).containsExactly(LEAF.getCertificate());
        assertThat(key(pem, null)).isEqualTo(LEAF.getKeyPair().getPrivate());
    }

    static Stream<List<String>> brokenCertificates() {
        String pem = LEAF.getCertificatePEM();
        return Stream.of(
                List.of("", "no PEM block 'CERTIFICATE' found, nor any other"),
                List.of("hello", "no PEM block 'CERTIFICATE' found, nor any other"),
                List.of(LEAF.getPrivateKeyPEM(), "only [PRIVATE KEY]: are certificate and key mixed up?"),
                List.of(pem.substring(0, 200), "PEM block 'CERTIFICATE' of line 1 has no END: is the file truncated?"),
                List.of(pem.substring(0, 200) + "\n" + pem, "of line 1 has no END"),
                List.of(pem.replaceFirst("M", "*"), "PEM block 'CERTIFICATE' of line 1 is not base64"),
                List.of(
                        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                        "block 1 is no X.509 certificate"),
                List.of("0\u0082\u0001\u0000", "binary DER, not PEM text; convert it with 'openssl x509 -inform der'"));
    }

    @ParameterizedTest
    @MethodSource("brokenCertificates")
    void saysWhatIsWrongWithACertificateFile(List<String> contentAndMessage) {
        assertThatThrownBy(() -> Pem.certificates(FILE, bytes(contentAndMessage.get(0))))
                .isInstanceOf(NetException.class)
                .hasMessageContaining("file some.pem: ")
                .hasMessageContaining(contentAndMessage.get(1));
    }

    @Test
    void neverTakesATruncatedFileForAWholeOne() {
        String pem = LEAF.getCertificatePEM().strip();
        for (int length = 0; length < pem.length(); length++) {
            byte[] truncated = bytes(pem.substring(0, length));
            assertThatThrownBy(() -> Pem.certificates(FILE, truncated))
                    .as("the first %s characters", length)
                    .isInstanceOf(NetException.class);
        }
    }

    @Test
    void answersGarbageWithItsOwnExceptionOnly() {
        long seed = System.currentTimeMillis();
        Random random = new Random(seed);
        String pem = key("EC");
        for (int i = 0; i < 2_000; i++) {
            byte[] content = bytes(pem);
            for (int change = random.nextInt(1, 9); change > 0; change--) {
                content[random.nextInt(content.length)] = (byte) random.nextInt(256);
            }
            try {
                PrivateKeys.read(FILE, content, null);
            } catch (NetException expected) {
                assertThat(expected).hasMessageContaining("some.pem");
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
        }
    }

    /** The shape of a key in SEC 1 form on curve P-256: the secret is 1, 2, 3, … */
    private static String key(String kind) {
        return "-----BEGIN " + kind + " PRIVATE KEY-----\n"
                + "MHcCAQEEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8goAoGCCqGSM49\n"
                + "AwEHoUQDQgAEUVxTFdzRyXaE1mCdn/1UnwFH3jZ2eFQHPF4ZP2tkL6pHFrdwm2tS\n"
                + "hTJbJqjS8OCPBlNGMUyRf8RqbtbZKVO3cg==\n"
                + "-----END " + kind + " PRIVATE KEY-----\n";
    }

    @Test
    void readsASec1KeyWithoutAnyTool() throws Exception {
        assertThat(key(key("EC"), null).getAlgorithm()).isEqualTo("EC");
    }

    @Test
    void saysThatAKindOfKeyIsNotReadHere() {
        assertThatThrownBy(() -> key(key("DSA"), null))
                .hasMessageContaining("'DSA PRIVATE KEY' is not a kind of key that is read here");
    }

    static Stream<List<String>> keyCommands() {
        return Stream.of(
                List.of("genrsa", "-traditional", "2048"),
                List.of("genrsa", "-traditional", "3072"),
                List.of("genpkey", "-algorithm", "RSA"),
                List.of("genpkey", "-algorithm", "RSA-PSS"),
                List.of("ecparam", "-name", "prime256v1", "-genkey"),
                List.of("ecparam", "-name", "secp384r1", "-genkey"),
                List.of("ecparam", "-name", "secp521r1", "-genkey", "-noout"),
                List.of("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
                List.of("genpkey", "-algorithm", "ed25519"));
    }

    @ParameterizedTest
    @MethodSource("keyCommands")
    void readsTheKeysThatOpenSslWrites(List<String> command) throws Exception {
        OpenSslTool.assumeInstalled();
        String pem = OpenSslTool.run("", command.toArray(new String[0]));

        PrivateKey key = key(pem, null);

        assertThat(Identity.matches(publicKey(pem, key.getAlgorithm()), key)).isTrue();
    }

    private static PublicKey publicKey(String pem, String algorithm) throws Exception {
        String spki = OpenSslTool.run(pem, "pkey", "-pubout");
        return KeyFactory.getInstance(algorithm)
                .generatePublic(new X509EncodedKeySpec(
                        Pem.blocks(FILE, bytes(spki)).get(0).der()));
    }

    @ParameterizedTest
    @MethodSource("keyCommands")
    void readsTheKeysThatOpenSslEncrypts(List<String> command) throws Exception {
        OpenSslTool.assumeInstalled();
        String plain = OpenSslTool.run("", command.toArray(new String[0]));
        for (String cipher : List.of("aes-128-cbc", "aes-256-cbc")) {
            String encrypted = OpenSslTool.run(plain, "pkcs8", "-topk8", "-v2", cipher, "-passout", "pass:secret");

            PrivateKey key = key(encrypted, "secret");
            assertThat(Identity.matches(publicKey(plain, key.getAlgorithm()), key))
                    .isTrue();
            assertThatThrownBy(() -> key(encrypted, "wrong")).hasMessageContaining("wrong password?");
            assertThatThrownBy(() -> key(encrypted, null)).hasMessageContaining("no password was given");
        }
    }

    @Test
    void explainsOpenSslsOldEncryption() throws Exception {
        OpenSslTool.assumeInstalled();
        String pem = OpenSslTool.run("", "genrsa", "-traditional", "-aes128", "-passout", "pass:secret", "2048");

        assertThatThrownBy(() -> key(pem, "secret")).hasMessageContaining("old form; convert it with 'openssl pkcs8");
    }

    @Test
    void tellsWhichKeyBelongsToWhichCertificate() throws Exception {
        PublicKey own = LEAF.getCertificate().getPublicKey();

        assertThat(Identity.matches(own, LEAF.getKeyPair().getPrivate())).isTrue();
        assertThat(Identity.matches(own, AUTHORITY.getKeyPair().getPrivate())).isFalse();
        X509Bundle rsa = TestCertificates.issuedBy(AUTHORITY, CertificateBuilder::rsa2048, "rsa");
        X509Bundle otherRsa = TestCertificates.issuedBy(AUTHORITY, CertificateBuilder::rsa2048, "other");
        PublicKey rsaKey = rsa.getCertificate().getPublicKey();
        assertThat(Identity.matches(rsaKey, rsa.getKeyPair().getPrivate())).isTrue();
        assertThat(Identity.matches(rsaKey, otherRsa.getKeyPair().getPrivate())).isFalse();
        assertThat(Identity.matches(rsaKey, LEAF.getKeyPair().getPrivate())).isFalse();
        assertThatThrownBy(() -> Identity.of(
                        "here",
                        List.of(AUTHORITY.getCertificate(), LEAF.getCertificate()),
                        LEAF.getKeyPair().getPrivate()))
                .hasMessageContaining("the certificate of the key must stand first in the chain");
    }
}
