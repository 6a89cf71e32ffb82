package io.nettoolkit.core.internal.tls;

import io.nettoolkit.core.NetException;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.TlsConfig;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.ReferenceCounted;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link TlsConfig} at work: the context that new connections take their handlers from, exchanged for a new one when
 * the files change. One per server or client, opened when that is built and closed with it.
 *
 * <p>Design: connections hold the context they began with, so exchanging it disturbs none of them. An OpenSSL context
 * is reference counted: one count is held here while it is the current one, one by each engine made from it, and the
 * last to let go frees it. Sessions belong to their context, so after a change every peer makes one full handshake,
 * which is what checks it against the new trust.
 *
 * <p><b>Threading.</b> Any thread. {@link #newHandler} and {@link #close} touch no file and take no lock; {@link #open},
 * {@link #reloadIfChanged} read files and belong on no event loop; {@link #reload} hops to the file thread.
 *
 * <p><b>Ownership.</b> {@link #close} lets go of the context; handlers already made keep working.
 *
 * <p><b>Failure.</b> Material that cannot be used fails {@link #open}. Later it leaves the old context in place, is
 * logged once per content, handed to {@link TlsConfig.Listener}, counted and kept in {@link #lastReloadFailure()}.
 */
public final class LiveTls implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LiveTls.class);
    private static final int TORN_READ_ATTEMPTS = 3;

    private final TlsSettings settings;
    private final FileTasks fileTasks;
    private final Function<Set<Path>, FileSnapshot> reader;
    private final Set<Path> files;
    private final ContextFactory factory;
    private final FileTasks.@Nullable Watch watch;

    private final LongAdder peerChecks = new LongAdder();
    private final ReentrantLock reloading = new ReentrantLock();

    /** Empty once closed. Exchanged under {@link #reloading}, emptied by {@link #close}, which waits for nobody. */
    private final AtomicReference<@Nullable SslContext> context = new AtomicReference<>();

    private volatile @Nullable NetException lastReloadFailure;
    private volatile Stats stats;

    /** Guarded by {@link #reloading}: the content in use, and the content looked at last, in use or broken. */
    private String inUse;

    private String lastSeen;

    /** For tests, which give a {@code reader} that sees what they want it to see. */
    LiveTls(TlsSettings settings, FileTasks fileTasks, Function<Set<Path>, FileSnapshot> reader) throws NetException {
        this.settings = settings;
        this.fileTasks = fileTasks;
        this.reader = reader;
        this.files = settings.files();
        this.factory = new ContextFactory(settings, peerChecks);
        Loaded loaded = load(reader.apply(files));
        context.set(loaded.context);
        inUse = loaded.fingerprint;
        lastSeen = loaded.fingerprint;
        stats = new Stats(0, 0, 0, loaded.expires);
        boolean watched = !files.isEmpty() && !settings.reloadEvery().isZero();
        watch = watched ? fileTasks.watch(files, settings.reloadEvery(), this::reloadIfChanged) : null;
        if (watched) {
            // A change between the first read and the beginning of the watch may be news to neither.
            reloadIfChanged();
        }
    }

    /**
     * Reads the files and makes the first context.
     *
     * @throws NetException of kind TLS_CERTIFICATE, when the material cannot be used; the message names file and remedy
     */
    public static LiveTls open(TlsConfig config) throws NetException {
        return open(config, FileThreadTasks.INSTANCE);
    }

    /** The same with another thread for the files. */
    static LiveTls open(TlsConfig config, FileTasks fileTasks) throws NetException {
        return new LiveTls(TlsSettings.of(config), fileTasks, FileSnapshot::read);
    }

    /** Whether handlers are for accepted connections. */
    public boolean isServer() {
        return settings.server();
    }

    /**
     * A handler for one connection; the caller adds it to a pipeline, or releases its engine.
     *
     * @param peerHost on clients the name the server must prove, and the name asked for by SNI unless it is an IP
     *     address; {@link TlsConfig.Builder#serverName} goes before it
     * @param peerPort with the host the key under which a client keeps sessions to resume
     * @throws RejectedException after {@link #close}
     */
    public SslHandler newHandler(ByteBufAllocator allocator, @Nullable String peerHost, int peerPort) {
        SslContext retained = retainCurrent();
        try {
            return settings.server()
                    ? retained.newHandler(allocator)
                    : newClientHandler(retained, allocator, peerHost, peerPort);
        } finally {
            ReferenceCountUtil.release(retained);
        }
    }

    private SslHandler newClientHandler(
            SslContext context, ByteBufAllocator allocator, @Nullable String peerHost, int peerPort) {
        String host = settings.serverName() != null ? settings.serverName() : peerHost;
        if (host == null) {
            if (settings.verifyHostname()) {
                throw new IllegalArgumentException("peerHost: null (a name is needed to check the server's certificate"
                        + " against; set serverName, or verifyHostname to false)");
            }
            return context.newHandler(allocator);
        }
        // A name with its root dot is the same name, but stands so in no certificate.
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        @Nullable SNIHostName sni = sni(name);
        SslHandler handler = context.newHandler(allocator, name, peerPort);
        if (sni != null) {
            // Netty and the JDK leave SNI out for names without a dot, as services in a cluster have them.
            SSLParameters parameters = handler.engine().getSSLParameters();
            parameters.setServerNames(List.of(sni));
            handler.engine().setSSLParameters(parameters);
        }
        return handler;
    }

    private static @Nullable SNIHostName sni(String name) {
        if (NetUtil.isValidIpV4Address(name) || NetUtil.isValidIpV6Address(name)) {
            return null;
        }
        try {
            return new SNIHostName(name);
        } catch (IllegalArgumentException e) {
            // Not a legal host name (an underscore, say): there is nothing to ask for, the check still takes place.
            return null;
        }
    }

    private SslContext retainCurrent() {
        while (true) {
            SslContext current = context.get();
            if (current == null) {
                throw closed();
            }
            try {
                return ReferenceCountUtil.retain(current);
            } catch (IllegalReferenceCountException exchanged) {
                // Freed between the two lines as well: the next turn sees the new one.
            }
        }
    }

    /**
     * Reads the files again on the file thread.
     *
     * @return true when new material is in use, false when nothing had changed, or the {@link NetException} that left
     *     the old material in place
     */
    public CompletableFuture<Boolean> reload() {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        fileTasks.execute(() -> {
            reloading.lock();
            try {
                result.complete(exchange(reader.apply(files)));
            } catch (NetException | RuntimeException e) {
                result.completeExceptionally(e);
            } finally {
                reloading.unlock();
            }
        });
        return result;
    }

    /** What the poll calls: does nothing for content that was looked at before, in use or broken. */
    public void reloadIfChanged() {
        reloading.lock();
        try {
            if (context.get() == null) {
                return;
            }
            FileSnapshot snapshot = reader.apply(files);
            if (!snapshot.fingerprint().equals(lastSeen)) {
                exchange(snapshot);
            }
        } catch (NetException e) {
            log.warn(
                    "TLS files have changed and cannot be used; the certificates loaded before stay in use: {}",
                    e.getMessage());
        } finally {
            reloading.unlock();
        }
    }

    private boolean exchange(FileSnapshot snapshot) throws NetException {
        if (context.get() == null) {
            throw closed();
        }
        if (snapshot.fingerprint().equals(inUse)) {
            // Back to what is in use, perhaps after a broken write.
            lastSeen = inUse;
            lastReloadFailure = null;
            return false;
        }
        try {
            use(load(snapshot));
            return true;
        } catch (NetException e) {
            lastSeen = snapshot.fingerprint();
            lastReloadFailure = e;
            Stats before = stats;
            stats = new Stats(before.reloads, before.failedReloads + 1, 0, before.expires);
            tell(() -> settings.listener().onReloadFailure(e));
            throw e;
        }
    }

    private void use(Loaded loaded) {
        SslContext old = context.get();
        if (old == null || !context.compareAndSet(old, loaded.context)) {
            ReferenceCountUtil.release(loaded.context);
            throw closed();
        }
        inUse = loaded.fingerprint;
        lastSeen = loaded.fingerprint;
        lastReloadFailure = null;
        stats = new Stats(stats.reloads + 1, stats.failedReloads, 0, loaded.expires);
        ReferenceCountUtil.release(old);
        log.debug("TLS files have changed and are in use: {}", files);
        tell(() -> settings.listener().onReload(loaded.expires));
    }

    private static RejectedException closed() {
        return new RejectedException(
                "TLS", RejectedException.Reason.SHUTTING_DOWN, Duration.ZERO, "its server or client is closed");
    }

    private static void tell(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException e) {
            log.warn("TlsConfig.Listener threw; nothing else is affected", e);
        }
    }

    private record Loaded(
            SslContext context,
            String fingerprint,
            @Nullable Instant expires) {}

    /**
     * Builds a context. Files that are exchanged while they are being read give a certificate and a key that do not
     * belong together; where other content follows a failure at once, that is used instead.
     */
    private Loaded load(FileSnapshot first) throws NetException {
        FileSnapshot snapshot = first;
        for (int attempt = 1; ; attempt++) {
            try {
                ContextFactory.Material material = ContextFactory.Material.load(settings, snapshot);
                SslContext loaded = factory.newContext(material);
                warnOfDates(material.identities());
                return new Loaded(loaded, snapshot.fingerprint(), earliestExpiry(material.identities()));
            } catch (NetException e) {
                FileSnapshot next = reader.apply(files);
                if (next.fingerprint().equals(snapshot.fingerprint()) || attempt == TORN_READ_ATTEMPTS) {
                    throw e;
                }
                snapshot = next;
            }
        }
    }

    private static void warnOfDates(List<Identity> identities) {
        Instant now = Instant.now();
        for (Identity identity : identities) {
            if (now.isAfter(identity.expires())) {
                log.warn(
                        "certificate '{}' expired on {}; peers will refuse it", identity.subject(), identity.expires());
            } else if (now.isBefore(identity.begins())) {
                log.warn(
                        "certificate '{}' is not valid before {}; peers will refuse it until then, is the clock right?",
                        identity.subject(),
                        identity.begins());
            }
        }
    }

    private static @Nullable Instant earliestExpiry(List<Identity> identities) {
        return identities.stream()
                .map(Identity::expires)
                .min(Instant::compareTo)
                .orElse(null);
    }

    /** For tests that count references. */
    @Nullable
    SslContext currentContext() {
        return context.get();
    }

    /** Why the content last looked at is not in use; {@code null} when it is. */
    public @Nullable NetException lastReloadFailure() {
        return lastReloadFailure;
    }

    /** Figures of this moment. */
    public Stats stats() {
        Stats now = stats;
        return new Stats(now.reloads, now.failedReloads, peerChecks.sum(), now.expires);
    }

    /** Stops watching the files and refuses new handlers. Connections live on. */
    @Override
    public void close() {
        if (watch != null) {
            watch.close();
        }
        SslContext last = context.getAndSet(null);
        if (last != null) {
            ReferenceCountUtil.release(last);
        }
    }

    @Override
    public String toString() {
        SslContext current = context.get();
        String state = current == null ? "closed" : current instanceof ReferenceCounted ? "OPENSSL" : "JDK";
        return "LiveTls[" + state + ", " + stats() + "]";
    }

    /**
     * Figures of one server or client.
     *
     * @param reloads how often new files came into use
     * @param failedReloads how often changed files could not be used
     * @param peerChecks certificate chains of peers looked at; a resumed session adds none
     * @param expires when the first of this side's certificates expires; {@code null} without certificates
     */
    public record Stats(
            long reloads,
            long failedReloads,
            long peerChecks,
            @Nullable Instant expires) {}
}
