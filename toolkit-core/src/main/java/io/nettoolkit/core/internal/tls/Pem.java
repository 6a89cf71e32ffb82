package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads PEM text (RFC 7468). Text between blocks is skipped; a block that begins and does not end is an error, because
 * that is what a file looks like that is being written.
 */
final class Pem {

    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";
    private static final int DER_SEQUENCE = 0x30;

    private Pem() {}

    /** One block; {@code legacyEncryption} when it has the headers of OpenSSL's old encrypted keys. */
    record Block(String label, String base64, boolean legacyEncryption) {
        byte[] der() {
            return Base64.getDecoder().decode(base64);
        }
    }

    /** The certificates of a file in its order; at least one. */
    static List<X509Certificate> certificates(Path file, byte[] content) throws NetException {
        List<Block> blocks = blocks(file, content);
        List<X509Certificate> certificates = new ArrayList<>();
        for (Block block : blocks) {
            if (block.label.equals("CERTIFICATE") || block.label.equals("X509 CERTIFICATE")) {
                certificates.add(certificate(file, block, certificates.size() + 1));
            }
        }
        if (certificates.isEmpty()) {
            throw FileSnapshot.failure(file, missing("CERTIFICATE", blocks), null);
        }
        return certificates;
    }

    private static X509Certificate certificate(Path file, Block block, int number) throws NetException {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(block.der()));
        } catch (CertificateException e) {
            throw FileSnapshot.failure(file, "PEM block " + number + " is no X.509 certificate: " + e.getMessage(), e);
        }
    }

    /** "no PEM block 'X' found", with what was found instead. */
    static String missing(String label, List<Block> blocks) {
        if (blocks.isEmpty()) {
            return "no PEM block '" + label + "' found, nor any other";
        }
        List<String> found = blocks.stream().map(Block::label).distinct().toList();
        return "no PEM block '" + label + "' found, only " + found + ": are certificate and key mixed up?";
    }

    /** All blocks of a file in its order. */
    static List<Block> blocks(Path file, byte[] content) throws NetException {
        if (content.length > 1 && content[0] == DER_SEQUENCE && (content[1] & 0x80) != 0) {
            throw FileSnapshot.failure(
                    file,
                    "binary DER, not PEM text; convert it with 'openssl x509 -inform der' or 'openssl pkey'",
                    null);
        }
        List<Block> blocks = new ArrayList<>();
        String[] lines = new String(content, StandardCharsets.ISO_8859_1).split("\\R");
        for (int i = 0; i < lines.length; i++) {
            @Nullable String label = between(lines[i].strip(), BEGIN);
            if (label != null) {
                int end = endOf(file, lines, i, label);
                blocks.add(block(file, lines, i, end));
                i = end;
            }
        }
        return blocks;
    }

    private static int endOf(Path file, String[] lines, int begin, String label) throws NetException {
        for (int i = begin + 1; i < lines.length; i++) {
            String line = lines[i].strip();
            if (label.equals(between(line, END))) {
                return i;
            }
            if (line.startsWith(BEGIN)) {
                break;
            }
        }
        throw FileSnapshot.failure(
                file, "PEM block '" + label + "' of line " + (begin + 1) + " has no END: is the file truncated?", null);
    }

    private static Block block(Path file, String[] lines, int begin, int end) throws NetException {
        String label = lines[begin].strip();
        label = label.substring(BEGIN.length(), label.length() - DASHES.length());
        StringBuilder body = new StringBuilder();
        boolean legacyEncryption = false;
        for (int i = begin + 1; i < end; i++) {
            String line = lines[i].strip();
            if (line.indexOf(':') >= 0) {
                legacyEncryption |= line.contains("ENCRYPTED");
            } else {
                body.append(line);
            }
        }
        if (legacyEncryption) {
            return new Block(label, "", true);
        }
        try {
            Block block = new Block(label, body.toString(), false);
            block.der();
            return block;
        } catch (IllegalArgumentException e) {
            throw FileSnapshot.failure(
                    file, "PEM block '" + label + "' of line " + (begin + 1) + " is not base64: " + e.getMessage(), e);
        }
    }

    private static @Nullable String between(String line, String prefix) {
        return line.startsWith(prefix) && line.endsWith(DASHES) && line.length() > prefix.length() + DASHES.length()
                ? line.substring(prefix.length(), line.length() - DASHES.length())
                : null;
    }
}
