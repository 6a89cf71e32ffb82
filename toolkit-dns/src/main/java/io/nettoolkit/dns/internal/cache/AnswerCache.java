package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Kind;
import io.nettoolkit.dns.DnsAnswer.Source;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * Answers by name and type.
 *
 * Entries are stable: an entry is made when a name and type is first kept, and stays the same object while answers, which are
 * immutable, replace each other in it. A hit reads a map and three fields of the entry (time, marks, value), compares the time
 * with the coarse clock, counts itself on a stripe, and writes nothing else once the entry's marks are set. It neither
 * lower-cases nor parses: entries are found by the very string the caller has. A string that is not the canonical key costs
 * a parse once and is then noted as another spelling of the entry (four of them at most).
 *
 * One time says all a hit has to know, the soft time: until then the answer is fresh and needs nothing. It is one tick of the
 * coarse clock before the end, so that nothing is given out beyond its TTL, and where answers are refreshed ahead it lies, a
 * little different for each entry, in the last tenth of the TTL. Beyond it a hit takes the longer way.
 *
 * There is one table per type; "no such name" has a table of its own, because it speaks for all types; what was made of
 * answers (addresses of a host in their order) has another. Holdings keeps all of them within their bounds. Nothing is removed
 * when it expires: it may still be asked to stand in for servers that cannot be reached, and goes when the hand of its eviction
 * queue finds it unused.
 *
 * Everything that changes the cache does so under one lock, for a few hundred instructions, at the rate of answers from the
 * network; readers never meet it.
 *
 * Sources: RFC 2308, RFC 8020 (nothing exists below a name that does not), RFC 8767.
 */
/**
 * The cache of one resolver: bounded, exact to the TTL, without locks for readers.
 *
 * <p><b>Threading.</b> Any thread may call every method.
 */
public final class AnswerCache {

    /** Looks something up again whose end is near. */
    @FunctionalInterface
    public interface Refresher {
        /** Called on the thread of the hit: must only start the work. */
        void refresh(CacheEntry entry);
    }

    private static final int LONGEST_SPELLING = 255;

    private final CacheRules rules;
    private final TimeSource time;
    private final RandomGenerator random;
    private final CacheCounters counters = new CacheCounters();

    private final Tables tables = new Tables();
    private final Object lock = new Object();
    private final Holdings holdings;

    private final Predicate<CacheEntry> fresh = this::isFresh;
    private final Predicate<CacheEntry> removal;

    private volatile Refresher refresher = entry -> {};

    /**
     * An empty cache.
     *
     * @param random spreads refreshes; used under the cache's lock alone
     */
    public AnswerCache(CacheRules rules, TimeSource time, RandomGenerator random) {
        this.rules = rules;
        this.time = time;
        this.random = random;
        holdings = new Holdings(rules, time, counters);
        removal = entry -> {
            holdings.remove(entry);
            return false;
        };
    }

    /** Who is told of entries in use that end soon; nobody before this is called. */
    public void onRefresh(Refresher newRefresher) {
        refresher = newRefresher;
    }

    public CacheRules rules() {
        return rules;
    }

    public CacheCounters counters() {
        return counters;
    }

    /** The fresh answer that this very string finds; null for none. */
    public @Nullable DnsAnswer<?> get(String name, DnsType<?> type) {
        CacheEntry entry = tables.of(type).get(tables.key(name, type));
        if (entry != null && isFresh(entry)) {
            return (DnsAnswer<?>) entry.value();
        }
        entry = tables.noSuchName.get(name);
        return entry != null && isFresh(entry) ? (DnsAnswer<?>) entry.value() : null;
    }

    /** The fresh answer of a name in any spelling; the spelling finds it directly from now on. */
    public @Nullable DnsAnswer<?> get(String given, DnsName name, DnsType<?> type) {
        String key = name.key();
        DnsAnswer<?> answer = get(key, type);
        if (answer != null && !given.equals(key) && !tables.isShared(type)) {
            Table table =
                    answer.kind() == Kind.NXDOMAIN && answer.aliases().isEmpty() ? tables.noSuchName : tables.of(type);
            noteSpelling(table, key, given);
        }
        return answer;
    }

    /** Whether a name above this one is known not to exist; the answer that says so. */
    public @Nullable DnsAnswer<?> noSuchNameAbove(DnsName name) {
        CacheEntry entry = tables.noSuchName.above(name.key(), fresh);
        return entry == null ? null : (DnsAnswer<?>) entry.value();
    }

    /** Whether the entry's value may be given out; counts the hit, and has the value refreshed where its end is near. */
    public boolean isFresh(CacheEntry entry) {
        long now = time.coarseNanos();
        if (entry.isQuick(now)) {
            entry.touch();
            counters.hit();
            return true;
        }
        Object value = entry.value();
        if (entry.isDead() || now + time.tickNanos() - expiresNanos(value) >= 0) {
            return false;
        }
        entry.touch();
        counters.hit();
        if (rules.refreshAhead() && entry.isPopular() && entry.tryBeginRefresh()) {
            counters.refresh();
            refresher.refresh(entry);
        }
        return true;
    }

    /** An answer with records that has ended and may stand in; null for none. */
    public @Nullable DnsAnswer<?> stale(String key, DnsType<?> type) {
        CacheEntry entry = tables.of(type).get(tables.key(key, type));
        if (entry == null || entry.isDead() || rules.maxStaleNanos() == 0) {
            return null;
        }
        DnsAnswer<?> answer = (DnsAnswer<?>) entry.value();
        boolean inTime = time.nanoTime() - answer.expires().nanos() - rules.maxStaleNanos() < 0;
        return answer.kind() == Kind.ANSWER && inTime ? answer : null;
    }

    /** The entry of a name and type, fresh or not; null for none. */
    public @Nullable CacheEntry entry(String key, DnsType<?> type) {
        CacheEntry entry = tables.of(type).get(tables.key(key, type));
        return entry != null ? entry : tables.noSuchName.get(key);
    }

    /** The entry of a host, fresh or not; null for none. */
    public @Nullable CacheEntry host(String name) {
        return tables.hosts.get(name);
    }

    /** Keeps what the servers said; answers it as it goes to those who asked. */
    public DnsAnswer<?> store(Response response) {
        long ttlSeconds = rules.ttlSeconds(response);
        DnsAnswer<?> answer = answer(response, ttlSeconds);
        if (ttlSeconds > 0) {
            keep(response.name().key(), response.type(), kept(answer));
        } else {
            // The servers said something new, and that it must not be kept: neither may the old.
            forget(response.name(), response.type());
        }
        return answer;
    }

    @SuppressWarnings("unchecked") // the engine gives records of the type asked for
    private DnsAnswer<DnsRecord> answer(Response response, long ttlSeconds) {
        return new DnsAnswer<>(
                response.kind(),
                (List<DnsRecord>) (List<?>) response.records(),
                response.aliases(),
                Source.NETWORK,
                response.server(),
                Duration.ofNanos(response.rttNanos()),
                response.authenticated(),
                Deadline.after(Duration.ofSeconds(ttlSeconds), time));
    }

    /** As it is given out later. */
    private static <R extends DnsRecord> DnsAnswer<R> kept(DnsAnswer<R> answer) {
        return new DnsAnswer<>(
                answer.kind(),
                answer.records(),
                answer.aliases(),
                Source.CACHE,
                answer.server(),
                Duration.ZERO,
                answer.authenticated(),
                answer.expires());
    }

    private void keep(String key, DnsType<?> type, DnsAnswer<?> answer) {
        boolean forAllTypes = answer.kind() == Kind.NXDOMAIN && answer.aliases().isEmpty();
        int size = AnswerBytes.of(key, answer);
        synchronized (lock) {
            if (forAllTypes) {
                tables.answers(key, holdings::remove);
            } else {
                removeNoSuchName(key);
            }
            if (size <= rules.maxAnswerBytes()) {
                if (forAllTypes) {
                    put(tables.noSuchName, key, answer);
                } else {
                    put(tables.of(type), tables.key(key, type), answer);
                }
            } else {
                CacheEntry old = tables.of(type).get(tables.key(key, type));
                if (old != null) {
                    holdings.remove(old);
                }
            }
        }
    }

    /** What exists, exists with all names above it. */
    private void removeNoSuchName(String key) {
        CacheEntry entry = tables.noSuchName.get(key);
        if (entry != null) {
            holdings.remove(entry);
        }
        tables.noSuchName.above(key, removal);
    }

    /** Keeps what was made of answers, under the name a caller used. */
    public void keepHost(String name, CacheEntry.Derived made) {
        synchronized (lock) {
            put(tables.hosts, name, made);
        }
    }

    /** Puts back an answer of an earlier run, unless there is one already. */
    public boolean restore(String key, DnsType<?> type, DnsAnswer<?> answer) {
        int size = AnswerBytes.of(key, answer);
        synchronized (lock) {
            if (entry(key, type) != null || size > rules.maxAnswerBytes()) {
                return false;
            }
            put(tables.of(type), tables.key(key, type), answer);
            return true;
        }
    }

    private void put(Table table, String key, Object value) {
        long soft = softNanos(value);
        CacheEntry entry = table.get(key);
        if (entry == null) {
            boolean pinned = table != tables.hosts && rules.pinned().contains(key);
            entry = new CacheEntry(key, table, value, pinned);
            entry.replace(value, soft);
            holdings.add(entry);
        } else {
            holdings.replace(entry, value, soft);
        }
    }

    private long softNanos(Object value) {
        long end = expiresNanos(value) - time.tickNanos();
        if (!rules.refreshAhead() || (value instanceof DnsAnswer<?> answer && answer.kind() != Kind.ANSWER)) {
            return end;
        }
        double share = 0.05 + 0.05 * random.nextDouble();
        return end - (long) (Math.max(0, end - time.coarseNanos()) * share);
    }

    private void noteSpelling(Table table, String key, String given) {
        if (given.length() > LONGEST_SPELLING) {
            return;
        }
        synchronized (lock) {
            CacheEntry entry = table.get(key);
            if (entry != null && table.get(given) == null) {
                holdings.addSpelling(entry, given);
            }
        }
    }

    private void forget(DnsName name, DnsType<?> type) {
        String key = name.key();
        synchronized (lock) {
            CacheEntry old = tables.of(type).get(tables.key(key, type));
            if (old != null) {
                holdings.remove(old);
            }
            removeNoSuchName(key);
        }
    }

    /** Removes all that is known of a name; how many entries that were. */
    public int invalidate(DnsName name) {
        String key = name.key();
        List<CacheEntry> gone = new ArrayList<>();
        synchronized (lock) {
            tables.answers(key, gone::add);
            CacheEntry noSuchName = tables.noSuchName.get(key);
            if (noSuchName != null) {
                gone.add(noSuchName);
            }
            gone.forEach(holdings::remove);
            removeHosts(made -> !made.isUpToDate());
        }
        return gone.size();
    }

    /** Removes everything. */
    public void clear() {
        synchronized (lock) {
            holdings.all().forEach(holdings::remove);
        }
    }

    /** Removes what says that there is nothing: other servers may see it differently. */
    public void clearNegatives() {
        synchronized (lock) {
            holdings.negatives().forEach(holdings::remove);
            removeHosts(made -> true);
        }
    }

    /** Removes what was made of answers, which stay. */
    public void clearHosts() {
        synchronized (lock) {
            removeHosts(made -> true);
        }
    }

    private void removeHosts(Predicate<CacheEntry.Derived> which) {
        for (CacheEntry entry : tables.hosts.entries()) {
            if (which.test((CacheEntry.Derived) entry.value())) {
                holdings.remove(entry);
            }
        }
    }

    /** Answers and what says that there is nothing, oldest first; without what was made of them. */
    public List<CacheEntry> all() {
        synchronized (lock) {
            List<CacheEntry> all = holdings.all();
            all.removeIf(entry -> entry.table == tables.hosts);
            return all;
        }
    }

    /** Whether an entry's answer holds for every type: that there is no such name. */
    boolean isForAllTypes(CacheEntry entry) {
        return entry.table == tables.noSuchName;
    }

    /** How much there is. */
    public Size size() {
        synchronized (lock) {
            return holdings.size();
        }
    }

    /**
     * How much there is.
     *
     * @param entries of all kinds
     * @param negatives those that say there is nothing
     * @param bytes by estimate
     */
    public record Size(int entries, int negatives, long bytes) {}

    private static long expiresNanos(Object value) {
        return value instanceof DnsAnswer<?> answer
                ? answer.expires().nanos()
                : ((CacheEntry.Derived) value).expiresNanos();
    }
}
