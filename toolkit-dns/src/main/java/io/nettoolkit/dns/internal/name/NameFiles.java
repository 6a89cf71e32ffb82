package io.nettoolkit.dns.internal.name;

import io.nettoolkit.core.internal.FileStamp;
import io.nettoolkit.core.internal.FileThread;
import io.nettoolkit.core.internal.FileWatch;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * resolv.conf and hosts as they are now: read when this is made, and again on the toolkit's file thread whenever one of
 * them has changed and settled.
 *
 * <p>A file that is missing means its defaults. One that is there and cannot be read, or is too large, leaves what was
 * read last, and the log says so once per change.
 *
 * <p><b>Threading.</b> Any thread may read {@link #current}; the listener is called on the file thread.
 */
public final class NameFiles implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NameFiles.class);

    static final int MAX_RESOLV_CONF_BYTES = 1 << 20;
    static final int MAX_HOSTS_BYTES = 64 << 20;

    /**
     * Both files, read.
     *
     * @param resolvConf the resolver's configuration
     * @param hosts names of this host's own
     */
    public record Contents(ResolvConf resolvConf, HostsFile hosts) {}

    /**
     * Where they are and how often to look.
     *
     * @param resolvConf usually /etc/resolv.conf; null for the defaults and no watch
     * @param hosts usually /etc/hosts; null for none
     * @param period from one look to the next
     */
    public record Sources(
            @Nullable Path resolvConf, @Nullable Path hosts, Duration period) {}

    private final Sources sources;
    private final Consumer<Contents> onChange;
    private final FileWatch watch;
    private volatile Contents current;

    /**
     * Reads the files and begins to watch them.
     *
     * @param onChange told of new contents that differ from those before; never before the constructor has returned
     */
    public NameFiles(Sources sources, Consumer<Contents> onChange) {
        this.sources = sources;
        this.onChange = Objects.requireNonNull(onChange, "onChange: must not be null");
        List<Path> files = Stream.of(sources.resolvConf, sources.hosts)
                .filter(Objects::nonNull)
                .toList();
        FileStamp loaded = FileStamp.of(files);
        current = read(new Contents(ResolvConf.DEFAULT, HostsFile.EMPTY));
        watch = FileThread.watch(loaded, sources.period, this::reload);
    }

    /** What was read last. */
    public Contents current() {
        return current;
    }

    private void reload() {
        Contents before = current;
        Contents now = read(before);
        current = now;
        log.info(
                "name configuration read again: {} name servers, {} search domains, {} names in hosts",
                now.resolvConf.nameServers().size(),
                now.resolvConf.search().size(),
                now.hosts.size());
        if (!now.equals(before)) {
            onChange.accept(now);
        }
    }

    private Contents read(Contents before) {
        return new Contents(
                read(sources.resolvConf, MAX_RESOLV_CONF_BYTES, ResolvConf::parse, before.resolvConf),
                read(sources.hosts, MAX_HOSTS_BYTES, HostsFile::parse, before.hosts));
    }

    private static <T> T read(@Nullable Path file, int maxBytes, Function<byte[], T> parser, T before) {
        if (file == null) {
            return before;
        }
        byte[] content;
        try (InputStream in = Files.newInputStream(file)) {
            content = in.readNBytes(maxBytes + 1);
        } catch (NoSuchFileException missing) {
            content = new byte[0];
        } catch (IOException | SecurityException failure) {
            log.warn("{} cannot be read; what was read last stays in force: {}", file, failure.toString());
            return before;
        }
        if (content.length > maxBytes) {
            log.warn("{} is larger than {} bytes; what was read last stays in force", file, maxBytes);
            return before;
        }
        return parser.apply(content);
    }

    /** Ends the watch; the contents stay. */
    @Override
    public void close() {
        watch.close();
    }
}
