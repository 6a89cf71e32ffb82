package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.RejectedException;
import io.nettoolkit.core.RejectedException.Reason;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.ToolkitFuture;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsAnswer.Kind;
import io.nettoolkit.dns.DnsAnswer.Source;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.cache.AnswerCache;
import io.nettoolkit.dns.internal.cache.CacheEntry;
import io.nettoolkit.dns.internal.name.GivenName;
import io.nettoolkit.dns.internal.name.HostsFile;
import io.nettoolkit.dns.internal.query.Response;
import io.nettoolkit.dns.internal.query.Upstream;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * The way of a question, until somebody knows the answer:
 *
 *     the very string in the cache -> the name itself (literal, localhost, hosts file, never asked) -> the name in the cache
 *     -> a name above it that does not exist -> failed a moment ago -> the flight of the same question -> a new flight
 *
 * A flight is shared by all who ask the same while it is under way. It has the whole query time from its start, whatever the
 * deadlines of those who join; each of them leaves at its own. The answer is in the cache before the flight leaves the table of
 * flights, and there before its callers hear of it, so nobody can come between and ask again.
 *
 * Stale answers (RFC 8767): where an answer that has ended is still there, callers wait for the flight for the stale timer and
 * then take that one, while the flight goes on; counted from the start of the flight, so that a late comer does not wait
 * again. A flight that fails keeps the question from being asked for half a minute, in which the stale answer is given at once.
 */
/**
 * Answers questions, from wherever the answer is.
 *
 * <p><b>Threading.</b> Any thread. Futures complete on the executor they were asked for.
 */
public final class Lookups implements AutoCloseable, Flight.Landing {

    /** How long a client should take a stale answer for good (RFC 8767 section 4). */
    static final Duration STALE_TTL = Duration.ofSeconds(30);

    /** Who would leave so little before the flight ends anyway needs no timer of its own, and gets the better reason. */
    private static final long SLACK_NANOS = Duration.ofMillis(10).toNanos();

    private final LookupOptions options;
    private final AnswerCache cache;
    private final Supplier<Upstream> upstreams;
    private final TimeSource time;
    private final Failures failures = new Failures();
    private final ConcurrentHashMap<Question, Flight> flights = new ConcurrentHashMap<>();
    private final Pins pins;
    private volatile boolean closed;

    /**
     * Lookups through these upstreams.
     *
     * @param upstreams the one for the calling thread: that of its loop, where it is on one
     */
    public Lookups(LookupOptions options, AnswerCache cache, Supplier<Upstream> upstreams) {
        this.options = options;
        this.cache = cache;
        this.upstreams = upstreams;
        time = options.time();
        pins = new Pins(this, options);
        cache.onRefresh(this::refresh);
    }

    /** Looks up what is pinned; once. */
    public void start() {
        pins.start(cache.rules().pinned());
    }

    /** What the cache has for a name in any spelling; null for nothing. */
    public @Nullable DnsAnswer<?> cached(String name, DnsType<?> type) {
        DnsAnswer<?> answer = cache.get(name, type);
        if (answer != null) {
            return answer;
        }
        try {
            return cache.get(name, GivenName.parse(name), type);
        } catch (DnsException badName) {
            return null;
        }
    }

    /**
     * The answer to a question of a caller.
     *
     * @param deadline null for the whole query time
     */
    public CompletableFuture<DnsAnswer<?>> query(String name, DnsType<?> type, @Nullable Deadline deadline) {
        EventExecutor executor = executor();
        if (closed) {
            return ToolkitFuture.failed(executor, refusal());
        }
        DnsAnswer<?> known = cache.get(name, type);
        if (known != null) {
            return ToolkitFuture.succeeded(executor, known);
        }
        try {
            DnsName parsed = GivenName.parse(name);
            known = ownAnswer(parsed, type);
            if (known == null && !name.equals(parsed.key())) {
                known = cache.get(name, parsed, type);
            }
            if (known == null) {
                known = cache.noSuchNameAbove(parsed);
            }
            return known != null
                    ? ToolkitFuture.succeeded(executor, known)
                    : askServers(new Question(parsed, type), cut(deadline), executor);
        } catch (DnsException badName) {
            return ToolkitFuture.failed(executor, badName);
        }
    }

    /**
     * The addresses of a host, best first.
     *
     * @param deadline null for the whole query time
     */
    public CompletableFuture<List<InetAddress>> resolve(
            String host, @Nullable Deadline deadline, EventExecutor executor) {
        if (closed) {
            return ToolkitFuture.failed(executor, refusal());
        }
        CacheEntry entry = cache.host(host);
        if (entry != null && cache.isFresh(entry)) {
            return ToolkitFuture.succeeded(executor, ((ResolvedHost) entry.value()).addresses());
        }
        try {
            List<InetAddress> own = own(host);
            if (own != null) {
                return ToolkitFuture.succeeded(executor, own);
            }
            return new HostLookup(this, options, host, within(deadline), executor).begin();
        } catch (DnsException badName) {
            return ToolkitFuture.failed(executor, badName);
        }
    }

    private @Nullable List<InetAddress> own(String host) throws DnsException {
        List<InetAddress> own = options.names().addresses(host);
        return own == null ? null : ResolvedHost.named(host, options.order().apply(own));
    }

    /**
     * The addresses of a host that is one of this host's own names, best first; null where {@link #resolve} has to be asked,
     * which is also where something is wrong with the name.
     */
    @Nullable
    List<InetAddress> ownAddresses(String host) {
        if (closed || cache.host(host) != null) {
            return null;
        }
        try {
            return own(host);
        } catch (DnsException badName) {
            return null;
        }
    }

    LookupOptions options() {
        return options;
    }

    boolean isClosed() {
        return closed;
    }

    private @Nullable Deadline cut(@Nullable Deadline deadline) {
        return deadline == null ? null : deadline.atMost(options.queryTimeout());
    }

    private Deadline within(@Nullable Deadline deadline) {
        Deadline cut = cut(deadline);
        return cut != null ? cut : Deadline.after(options.queryTimeout(), time);
    }

    private @Nullable DnsAnswer<?> ownAnswer(DnsName name, DnsType<?> type) {
        return options.names().answer(name, type, time);
    }

    /** The loop of the caller, where it is one of ours; else one of them. */
    public EventExecutor executor() {
        return upstreams.get().loop();
    }

    /** The answer of the cache or of the servers. */
    CompletableFuture<DnsAnswer<?>> ask(Question question, Deadline deadline, EventExecutor executor) {
        DnsAnswer<?> fresh = cache.get(question.key(), question.type());
        if (fresh == null) {
            fresh = cache.noSuchNameAbove(question.name());
        }
        return fresh != null ? ToolkitFuture.succeeded(executor, fresh) : askServers(question, deadline, executor);
    }

    /** {@code deadline}: null to wait for the flight, however long it takes. */
    private CompletableFuture<DnsAnswer<?>> askServers(
            Question question, @Nullable Deadline deadline, EventExecutor executor) {
        DnsAnswer<?> stale = stale(question);
        DnsException recent = failures.recent(question, time);
        if (recent != null) {
            if (stale != null) {
                cache.counters().stale();
                return ToolkitFuture.succeeded(executor, stale);
            }
            cache.counters().failure();
            return ToolkitFuture.failed(executor, recent);
        }
        return await(question, deadline, executor, stale);
    }

    private CompletableFuture<DnsAnswer<?>> await(
            Question question, @Nullable Deadline asked, EventExecutor executor, @Nullable DnsAnswer<?> stale) {
        Seat seat = join(question, executor, Known.COUNTS);
        Flight flight = seat.flight;
        Deadline deadline = asked == null ? flight.deadline : asked;
        if (stale == null && deadline.nanos() - flight.deadline.nanos() >= -SLACK_NANOS) {
            return seat.future;
        }
        long staleNanos = flight.startNanos + cache.rules().staleTimerNanos() - time.nanoTime();
        return new Wait(question, executor, seat.future, stale, cache.counters()::stale)
                .begin(executor, deadline, stale == null ? Long.MAX_VALUE : staleNanos);
    }

    /** What becomes of an answer that is in the cache. */
    private enum Known {
        /** It is the answer. */
        COUNTS,
        /** It is about to end, and looked up again for that. */
        IS_ASKED_AGAIN
    }

    /** A caller's own future of a flight. */
    private record Seat(Flight flight, CompletableFuture<DnsAnswer<?>> future) {}

    /** Takes a seat on the flight of a question: the one under way, or a new one, which is started then. */
    private Seat join(Question question, EventExecutor executor, Known known) {
        while (true) {
            Flight flight = flights.get(question);
            CompletableFuture<DnsAnswer<?>> future = flight == null ? null : flight.join(executor);
            if (flight != null && future != null) {
                cache.counters().shared();
                return new Seat(flight, future);
            }
            if (flight != null) {
                flights.remove(question, flight); // over, and about to remove itself
            }
            Flight mine = new Flight(question, Deadline.after(options.queryTimeout(), time), upstreams.get(), this);
            // Before it starts: it may be over before start() returns.
            future = mine.join(executor);
            if (future != null && flights.putIfAbsent(question, mine) == null) {
                // A flight may have landed since the cache was asked: its answer came before it left.
                DnsAnswer<?> landed = known == Known.COUNTS ? cache.get(question.key(), question.type()) : null;
                if (landed != null) {
                    flights.remove(question, mine);
                    mine.land(landed);
                    return new Seat(mine, future);
                }
                cache.counters().miss();
                mine.start();
                if (closed) {
                    mine.end(closed(question));
                }
                return new Seat(mine, future);
            }
        }
    }

    private @Nullable DnsAnswer<?> stale(Question question) {
        DnsAnswer<?> ended = cache.stale(question.key(), question.type());
        return ended == null ? null : staleCopy(ended);
    }

    private <R extends DnsRecord> DnsAnswer<R> staleCopy(DnsAnswer<R> ended) {
        return new DnsAnswer<>(
                Kind.ANSWER,
                ended.records(),
                ended.aliases(),
                Source.STALE,
                ended.server(),
                ended.rtt(),
                ended.authenticated(),
                Deadline.after(STALE_TTL, time));
    }

    @Override
    public @Nullable DnsException refusalOf(Response response) {
        return options.privateAddresses().refusal(response);
    }

    @Override
    public DnsAnswer<?> answered(Flight flight, Response response) {
        DnsAnswer<?> answer = cache.store(response);
        failures.remove(flight.question);
        flights.remove(flight.question, flight);
        return answer;
    }

    @Override
    public void failed(Flight flight, DnsException cause) {
        Question question = flight.question;
        boolean staleStandsIn = cache.stale(question.key(), question.type()) != null;
        failures.add(question, cause, staleStandsIn, time.nanoTime());
        flights.remove(question, flight);
    }

    @Override
    public void abandoned(Flight flight) {
        flights.remove(flight.question, flight);
    }

    /** Looks up again in the background what an entry holds, or what it was made of. */
    private void refresh(CacheEntry entry) {
        if (entry.value() instanceof ResolvedHost host) {
            lookUpAgain(new Question(host.name(), DnsType.A));
            lookUpAgain(new Question(host.name(), DnsType.AAAA));
        } else {
            try {
                lookUpAgain(new Question(DnsName.of(entry.name()), entry.type()));
            } catch (DnsException impossible) {
                throw new IllegalStateException("an entry's key is a name", impossible);
            }
        }
    }

    /** Joins or begins a flight, and stays to its end, whatever the cache has. */
    @Nullable
    CompletableFuture<DnsAnswer<?>> lookUpAgain(Question question) {
        if (closed || failures.recent(question, time) != null) {
            return null;
        }
        return join(question, executor(), Known.IS_ASKED_AGAIN).future;
    }

    AnswerCache cache() {
        return cache;
    }

    /** Names of the host's own, or what is appended to them, have changed: what these know now, servers know no more. */
    public void namesChanged(HostsFile hosts) {
        cache.clearHosts();
        for (CacheEntry entry : cache.all()) {
            try {
                DnsName name = DnsName.of(entry.name());
                if (!hosts.addresses(name).isEmpty()) {
                    cache.invalidate(name);
                }
            } catch (DnsException impossible) {
                throw new IllegalStateException("an entry's key is a name", impossible);
            }
        }
    }

    /** Other servers are asked from now on: they may know what the ones before did not. */
    public void serversChanged() {
        cache.clearNegatives();
        failures.clear();
    }

    @Override
    public RejectedException refusal() {
        return new RejectedException(options.name(), Reason.SHUTTING_DOWN, Duration.ZERO, "the resolver is closed");
    }

    /** How many questions are on their way. */
    public int flights() {
        return flights.size();
    }

    /** Refuses further questions and fails those that are on their way. */
    @Override
    public void close() {
        closed = true;
        pins.close();
        for (Flight flight : flights.values()) {
            flights.remove(flight.question, flight);
            flight.end(closed(flight.question));
        }
    }

    /** What those get who wait when the resolver is closed. */
    private static DnsException closed(Question question) {
        return DnsException.builder(
                        NetFailure.Kind.LOCAL_CLOSED, question.name().toString())
                .type(question.type())
                .detail("the resolver was closed while the question was on its way")
                .build();
    }
}
