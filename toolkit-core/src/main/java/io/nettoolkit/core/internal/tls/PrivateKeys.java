package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Private keys out of PEM files: PKCS #8 plain (RFC 5208) and encrypted with PBES2 (RFC 8018), and the two older forms
 * that certificate tools still write, PKCS #1 for RSA (RFC 8017) and SEC 1 for elliptic curves (RFC 5915). The older
 * two are wrapped into PKCS #8, the only form the JDK reads:
 *
 * <pre>
 * SEQUENCE { INTEGER 0, SEQUENCE { OID algorithm, parameters }, OCTET STRING { the older form } }
 * </pre>
 */
final class PrivateKeys {

    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS", "ML-DSA");

    /** OID 1.2.840.113549.1.1.1 rsaEncryption and its NULL parameters. */
    private static final byte[] RSA = {
        0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };

    /** OID 1.2.840.10045.2.1 id-ecPublicKey; the curve follows as its parameters. */
    private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};

    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int EC_PARAMETERS = 0xa0;

    private PrivateKeys() {}

    /** The first private key of the file. */
    static PrivateKey read(Path file, byte[] content, char @Nullable [] password) throws NetException {
        List<Pem.Block> blocks = Pem.blocks(file, content);
        for (Pem.Block block : blocks) {
            if (!block.label().endsWith("PRIVATE KEY")) {
                continue;
            }
            if (block.legacyEncryption()) {
                throw FileSnapshot.failure(
                        file, "key is encrypted in OpenSSL's old form; convert it with 'openssl pkcs8 -topk8'", null);
            }
            return fromPkcs8(file, pkcs8(file, block, password));
        }
        throw FileSnapshot.failure(file, Pem.missing("PRIVATE KEY", blocks), null);
    }

    private static byte[] pkcs8(Path file, Pem.Block block, char @Nullable [] password) throws NetException {
        return switch (block.label()) {
            case "PRIVATE KEY" -> block.der();
            case "ENCRYPTED PRIVATE KEY" -> decrypt(file, block.der(), password);
            case "RSA PRIVATE KEY" -> wrap(RSA, block.der());
            case "EC PRIVATE KEY" -> wrap(concat(EC, curve(file, block.der())), block.der());
            default ->
                throw FileSnapshot.failure(
                        file,
                        "PEM block '" + block.label() + "' is not a kind of key that is read here; convert it with"
                                + " 'openssl pkcs8 -topk8 -nocrypt'",
                        null);
        };
    }

    private static PrivateKey fromPkcs8(Path file, byte[] pkcs8) throws NetException {
        @Nullable InvalidKeySpecException last = null;
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (NoSuchAlgorithmException e) {
                // ML-DSA came with Java 24; the next may do.
            } catch (InvalidKeySpecException e) {
                last = e;
            }
        }
        throw FileSnapshot.failure(file, "no private key this JVM understands (tried " + ALGORITHMS + ")", last);
    }

    private static byte[] decrypt(Path file, byte[] der, char @Nullable [] password) throws NetException {
        if (password == null) {
            throw FileSnapshot.failure(file, "key is encrypted and no password was given", null);
        }
        PBEKeySpec passwordSpec = new PBEKeySpec(password);
        try {
            EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(der);
            // For PBES2 the JDK names the scheme it can decrypt with only in the text form of the parameters.
            String algorithm = encrypted.getAlgName().startsWith("PBEWith")
                    ? encrypted.getAlgName()
                    : encrypted.getAlgParameters().toString();
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    SecretKeyFactory.getInstance(algorithm).generateSecret(passwordSpec),
                    encrypted.getAlgParameters());
            return encrypted.getKeySpec(cipher).getEncoded();
        } catch (GeneralSecurityException | IOException e) {
            throw FileSnapshot.failure(file, "key cannot be decrypted (wrong password?): " + e.getMessage(), e);
        } finally {
            passwordSpec.clearPassword();
        }
    }

    private static byte[] wrap(byte[] algorithm, byte[] der) {
        return element(SEQUENCE, concat(VERSION_0, concat(element(SEQUENCE, algorithm), element(OCTET_STRING, der))));
    }

    /** What stands in the [0] of {@code SEQUENCE { INTEGER 1, OCTET STRING key, [0] curve, [1] public key }}. */
    private static byte[] curve(Path file, byte[] sec1) throws NetException {
        try {
            int at = bodyOf(sec1, 0);
            while (at < sec1.length) {
                int body = bodyOf(sec1, at);
                int end = body + lengthOf(sec1, at);
                if ((sec1[at] & 0xff) == EC_PARAMETERS) {
                    return Arrays.copyOfRange(sec1, body, end);
                }
                at = end;
            }
        } catch (IndexOutOfBoundsException e) {
            throw FileSnapshot.failure(file, "PEM block 'EC PRIVATE KEY' is cut short", e);
        }
        throw FileSnapshot.failure(
                file, "EC key does not name its curve; convert it with 'openssl pkcs8 -topk8 -nocrypt'", null);
    }

    private static int bodyOf(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    private static int lengthOf(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        if ((first & 0x7f) > 2) {
            throw new IndexOutOfBoundsException("length of " + (first & 0x7f) + " bytes");
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            length = length << 8 | (der[at + 2 + i] & 0xff);
        }
        return length;
    }

    private static byte[] element(int tag, byte[] body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(body.length + 4);
        out.write(tag);
        if (body.length >= 0x100) {
            out.write(0x82);
            out.write(body.length >> 8);
        } else if (body.length >= 0x80) {
            out.write(0x81);
        }
        out.write(body.length);
        out.writeBytes(body);
        return out.toByteArray();
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
