package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.FileThread;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.name.GivenName;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.netty.util.concurrent.EventExecutor;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The cache as its user sees it. */
public final class KeptAnswers implements DnsCache {

    private final AnswerCache cache;
    private final CacheFile file;
    private final Supplier<EventExecutor> executors;

    /**
     * A view of a cache.
     *
     * @param wallClock what times in files are told by
     * @param executors where futures complete
     */
    public KeptAnswers(AnswerCache cache, TimeSource time, InstantSource wallClock, Supplier<EventExecutor> executors) {
        this.cache = cache;
        this.file = new CacheFile(time, wallClock);
        this.executors = executors;
    }

    @Override
    public Stats stats() {
        AnswerCache.Size size = cache.size();
        CacheCounters counters = cache.counters();
        return new Stats(
                size.entries(),
                size.negatives(),
                size.bytes(),
                counters.hits(),
                counters.misses(),
                counters.staleAnswers(),
                counters.cachedFailures(),
                counters.coalesced(),
                counters.refreshes(),
                counters.storedAnswers(),
                counters.evictedEntries());
    }

    @Override
    public List<Entry> snapshot() {
        List<Entry> entries = new ArrayList<>();
        for (CacheEntry entry : cache.all()) {
            DnsType<?> type = cache.isForAllTypes(entry) ? null : entry.type();
            entries.add(new Entry(entry.name(), type, (DnsAnswer<?>) entry.value()));
        }
        return List.copyOf(entries);
    }

    @Override
    public int invalidate(String name) {
        Objects.requireNonNull(name, "name: must not be null");
        try {
            DnsName parsed = GivenName.parse(name);
            return cache.invalidate(parsed);
        } catch (DnsException badName) {
            throw new IllegalArgumentException("name: " + badName.getMessage(), badName);
        }
    }

    @Override
    public void clear() {
        cache.clear();
    }

    @Override
    public CompletableFuture<Integer> save(Path path) {
        Objects.requireNonNull(path, "file: must not be null");
        return onFileThread(() -> file.write(path, cache.all()));
    }

    @Override
    public CompletableFuture<Integer> load(Path path) {
        Objects.requireNonNull(path, "file: must not be null");
        return onFileThread(() -> {
            int taken = 0;
            // The whole file is read before the first answer is taken in.
            for (CacheFile.Read read :
                    file.read(path, cache.rules().maxStaleNanos(), cache.rules().maxEntries())) {
                taken += cache.restore(read.key(), read.type(), read.answer()) ? 1 : 0;
            }
            return taken;
        });
    }

    private CompletableFuture<Integer> onFileThread(Callable<Integer> work) {
        ToolkitFuture<Integer> future = new ToolkitFuture<>(executors.get());
        FileThread.execute(() -> {
            try {
                future.succeed(work.call());
            } catch (Exception failure) {
                future.fail(failure);
            }
        });
        return future;
    }
}
