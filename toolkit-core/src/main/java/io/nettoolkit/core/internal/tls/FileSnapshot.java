package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Contents of several files, read one after the other. Changes are found by content, not by time stamp: a symbolic
 * link that was swung round, a rewrite within one tick of the file system's clock and a copy that keeps the old time
 * all show, and a file that was only touched does not.
 */
public final class FileSnapshot {

    private static final int MAX_BYTES = 1 << 20;

    /** A {@code byte[]}, or the {@link NetException} that tells why there is none. */
    private final Map<Path, Object> contents = new LinkedHashMap<>();

    private final String fingerprint;

    private FileSnapshot(Collection<Path> files) {
        MessageDigest digest = sha256();
        for (Path file : files) {
            Object content = read(file);
            byte[] bytes = content instanceof NetException failure
                    ? String.valueOf(failure.getMessage()).getBytes(StandardCharsets.UTF_8)
                    : (byte[]) content;
            digest.update(sha256().digest(bytes));
            contents.put(file, content);
        }
        fingerprint = HexFormat.of().formatHex(digest.digest());
    }

    /** Reads the files; one that cannot be read fails later, when it is used. */
    static FileSnapshot read(Collection<Path> files) {
        return new FileSnapshot(files);
    }

    private static Object read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            return bytes.length <= MAX_BYTES
                    ? bytes
                    : failure(file, "larger than " + MAX_BYTES + " bytes: not a certificate or key", null);
        } catch (NoSuchFileException e) {
            return failure(file, "does not exist", e);
        } catch (IOException e) {
            return failure(file, "cannot be read: " + e, e);
        }
    }

    /** The content of one of the files. */
    byte[] bytes(Path file) throws NetException {
        Object content = contents.get(file);
        if (content instanceof NetException failure) {
            throw failure;
        }
        return (byte[]) Objects.requireNonNull(content);
    }

    /** Equal for equal contents. */
    String fingerprint() {
        return fingerprint;
    }

    /** A failure that names the file. */
    static NetException failure(Path file, String detail, @Nullable Throwable cause) {
        return failure("file " + file + ": " + detail, cause);
    }

    /** A failure of TLS material. */
    static NetException failure(String detail, @Nullable Throwable cause) {
        return NetException.builder(NetFailure.Kind.TLS_CERTIFICATE, NetFailure.Operation.TLS)
                .detail(detail)
                .cause(cause)
                .build();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
