package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.internal.CallbackGuard;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.nettoolkit.dns.internal.wire.MessageReader;
import io.nettoolkit.dns.internal.wire.WireException;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Asks name servers. The engine owns what lookups share: the servers and what is known about them, the random bits, the
 * timers, the readers; each Lookup is a state machine of its own; links carry messages.
 *
 * An answer is believed only where everything about it is right (RFC 5452 §9): it comes through a socket connected to the
 * server, with an id that is under way on that socket, and repeats the question to the letter, whose case was random. What is
 * not right is counted and dropped, and the query goes on waiting: so one forged packet ends nothing. Too many of them, and
 * the server is asked over TCP for a while.
 *
 * All of it runs on one loop, whatever threads ask: lookups that leave the machine are bound by the network, and one loop
 * makes 100,000s of them a second. There are no locks, and one timer task of the loop for all lookups.
 */

/** The query engine of one resolver. Confined to its loop, but for the figures. */
public final class QueryEngine implements Upstream {

    /** Lookups under way at the most: a bound on memory. */
    static final int MAX_PENDING = 131_072;

    private static final long USELESS_NANOS = 400_000_000L;
    private static final Lookup NOTHING = () -> {};

    private final EventLoop loop;
    private final EngineOptions.Fixed fixed;
    private final TimeSource time;
    private final Transport transport;
    private final SecureBits bits;
    private final CallbackGuard guard;
    private final Counters<EngineFigure> stats = new Counters<>(EngineFigure.class);
    private final EngineTimers timers;
    private final HedgeBudget budget = new HedgeBudget();
    private final MessageReader reader = new MessageReader();
    private final AnswerReader answers = new AnswerReader();
    private final byte[] question = new byte[DnsName.MAX_BYTES];
    private final List<Transport.Link> links = new ArrayList<>();

    private ServerChoice choice = new ServerChoice(false);
    private long tryTimeoutNanos;
    private int maxTries;
    private volatile List<Server> servers = List.of();
    private int pending;
    private boolean closed;

    /** An engine on a loop; the options are set before the first lookup, with {@link #configure}. */
    QueryEngine(EventLoop loop, EngineOptions.Fixed fixed, TransportFactory transport) {
        this.loop = loop;
        this.fixed = fixed;
        this.time = fixed.timeSource();
        this.bits = new SecureBits();
        this.timers = new EngineTimers(loop, time);
        this.guard = new CallbackGuard("the listener of resolver " + fixed.name(), time);
        this.transport = transport.open(this);
    }

    /** Makes what carries the messages of an engine. */
    interface TransportFactory {
        /** For this engine, which is not complete yet. */
        Transport open(QueryEngine engine);
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    /** Changes the options; lookups under way go on with the servers they have. On the loop. */
    public void configure(EngineOptions options) {
        List<Server> before = servers;
        List<Server> after = new ArrayList<>();
        for (InetSocketAddress address : options.servers()) {
            if (after.stream().noneMatch(server -> server.address.equals(address))) {
                after.add(before.stream()
                        .filter(server -> server.address.equals(address))
                        .findFirst()
                        .orElseGet(() -> new Server(address)));
            }
        }
        choice = new ServerChoice(options.rotate());
        tryTimeoutNanos = options.tryTimeoutNanos();
        maxTries = options.attempts();
        servers = List.copyOf(after);
    }

    @Override
    public Lookup query(DnsName name, DnsType<?> type, Deadline deadline, Outcome outcome) {
        assert loop.inEventLoop();
        if (closed || pending >= MAX_PENDING) {
            outcome.onFailure(refusal(name, type));
            return NOTHING;
        }
        pending++;
        stats.add(EngineFigure.LOOKUPS);
        budget.onLookup();
        Resolution lookup = Resolution.of(this, name, type, deadline.nanos(), outcome);
        lookup.start();
        return lookup;
    }

    private DnsException refusal(DnsName name, DnsType<?> type) {
        return DnsException.builder(closed ? Kind.LOCAL_CLOSED : Kind.RESOURCE_EXHAUSTED, name.toString())
                .type(type)
                .detail(
                        closed
                                ? "the resolver is closed"
                                : pending + " lookups are under way already, and no answers come fast enough")
                .build();
    }

    /** A message came from a server. The bytes are free for other use when this returns. */
    void received(Transport.Carrier carrier, Server server, byte[] data, int length) {
        if (!reader.reset(data, length) || !reader.isAnswer()) {
            mismatch(server, carrier);
            carrier.onNoAnswer();
            return;
        }
        Attempt attempt = carrier.find(reader.id());
        if (attempt == null) {
            if (!carrier.wasUsed(reader.id())) {
                mismatch(server, carrier);
            }
            return;
        }
        attempt.writeQuestion(question);
        DnsName name = attempt.lookup.name();
        switch (reader.question(name, question, attempt.lookup.typeCode())) {
            case SAME -> {
                if (attempt.checksCase) {
                    // The server keeps the case, so the answer that did not came from somebody else.
                    mismatch(server, carrier);
                }
                accept(attempt, name, length);
            }
            case OTHER_CASE -> {
                if (!carrier.isStream()) {
                    count(EngineFigure.MISMATCHES);
                    attempt.lookup.onOtherCase(attempt);
                    return;
                }
                if (attempt.checksCase) {
                    server.onCaseLost(nowNanos());
                }
                accept(attempt, name, length);
            }
            case ABSENT -> {
                // Servers that do not understand a query say so without repeating it.
                if (isNotUnderstood(reader.rcode()) && attempt.payload != 0) {
                    attempt.lookup.onAnswer(attempt, reader, nowNanos());
                } else {
                    mismatch(server, carrier);
                }
            }
            case DIFFERENT -> mismatch(server, carrier);
        }
    }

    private static boolean isNotUnderstood(int rcode) {
        return rcode == Rcode.FORMERR || rcode == Rcode.NOTIMP;
    }

    private void accept(Attempt attempt, DnsName name, int length) {
        long now = nowNanos();
        Server server = attempt.server;
        long rtt = now - attempt.sentNanos;
        if (server.onAnswer(isOfUse(reader.rcode()) ? rtt : rtt + USELESS_NANOS, now)) {
            JfrEvents.dnsServer(server.address, "UP");
            guard.run(() -> fixed.listener().onServerUp(server.address));
        }
        if (attempt.carrier == null) {
            return; // a listener that heard of this message has cancelled the lookup or closed the resolver
        }
        server.onPayload(attempt.payload, length, attempt.smallAfterTimeout, now);
        if (reader.isTruncated() && !attempt.stream) {
            attempt.lookup.onTruncated(attempt);
            return;
        }
        try {
            reader.read(name);
        } catch (WireException malformed) {
            count(EngineFigure.MALFORMED);
            attempt.lookup.onFailed(
                    attempt, Kind.PROTOCOL, "its answer breaks the rules: " + malformed.getMessage(), null);
            return;
        }
        if (reader.isTruncated()) {
            count(EngineFigure.MALFORMED);
            attempt.lookup.onFailed(attempt, Kind.PROTOCOL, "it cuts off answers over TCP too", null);
            return;
        }
        attempt.lookup.onAnswer(attempt, reader, now);
    }

    /** A server that fails or refuses does so fast, and must not become the favourite by that. */
    private static boolean isOfUse(int rcode) {
        return switch (rcode) {
            case Rcode.NOERROR, Rcode.FORMERR, Rcode.NXDOMAIN, Rcode.NOTIMP -> true;
            default -> false;
        };
    }

    private void mismatch(Server server, Transport.Carrier carrier) {
        count(EngineFigure.MISMATCHES);
        if (!carrier.isStream() && server.onForgery(nowNanos())) {
            JfrEvents.dnsServer(server.address, "FORGERY_SUSPECTED");
            long count = server.forgeries();
            guard.run(() -> fixed.listener().onForgerySuspected(server.address, count));
        }
    }

    /** An attempt cannot get an answer any more, because its socket or connection is gone. */
    void unreachable(Attempt attempt, Kind kind, @Nullable Throwable cause) {
        attempt.carrier = null;
        Server server = attempt.server;
        if (attempt.stream && !fixed.streamOnly()) {
            // It may do without TCP; then datagrams are better than nothing, even while somebody forges them.
            server.onStreamUnreachable();
        } else if (server.onUnreachable(nowNanos())) {
            tellDown(
                    server,
                    DnsException.builder(kind, attempt.lookup.name().toString())
                            .server(server.address)
                            .cause(cause)
                            .build());
        }
        attempt.lookup.onFailed(attempt, kind, "", cause);
    }

    /** An attempt is lost with its connection or socket, by no fault of the server. */
    void connectionLost(Attempt attempt) {
        attempt.carrier = null;
        attempt.lookup.onConnectionLost(attempt);
    }

    /** Fails everything under way and closes the sockets. On the loop. */
    public void close() {
        closed = true;
        for (TimerHeap.Node first = timers.takeFirst(); first != null; first = timers.takeFirst()) {
            if (first instanceof Resolution lookup) {
                lookup.onClose(nowNanos());
            }
        }
        timers.stop();
        links.forEach(Transport.Link::close);
        links.clear();
        transport.close();
    }

    long nowNanos() {
        return time.nanoTime();
    }

    List<Server> servers() {
        return servers;
    }

    ServerChoice choice() {
        return choice;
    }

    HedgeBudget budget() {
        return budget;
    }

    EngineTimers timers() {
        return timers;
    }

    AnswerReader answerReader() {
        return answers;
    }

    long tryTimeoutNanos() {
        return tryTimeoutNanos;
    }

    int maxTries() {
        return maxTries;
    }

    Counters<EngineFigure> stats() {
        return stats;
    }

    SecureBits bits() {
        return bits;
    }

    void count(EngineFigure figure) {
        stats.add(figure);
    }

    Transport.Link linkOf(Server server) {
        Transport.Link link = server.link;
        if (link == null) {
            link = transport.open(server);
            server.link = link;
            links.add(link);
        }
        return link;
    }

    /** How a server is to be asked now. */
    Attempt.Shape shape(Server server, long nowNanos) {
        return Attempt.Shape.of(fixed.streamOnly() || server.isOverTcp(nowNanos), server.payload(nowNanos));
    }

    int newCaseBits(Server server, long nowNanos) {
        return server.isCaseKept(nowNanos) ? bits.nextInt() : 0;
    }

    void over(Resolution lookup) {
        if (!lookup.isProbe()) {
            pending--;
        }
    }

    void tellDown(Server server, DnsException cause) {
        JfrEvents.dnsServer(server.address, "DOWN");
        guard.run(() -> fixed.listener().onServerDown(server.address, cause));
    }

    void tellRetry(DnsName name, DnsType<?> type, DnsException cause) {
        if (fixed.listener() != DnsResolver.Listener.NONE) {
            guard.run(() -> fixed.listener().onRetry(name.toString(), type, cause));
        }
    }

    /** What the engine has done. Any thread. */
    public DnsResolver.Stats snapshot() {
        // Ends before beginnings, so that what is under way is never less than nothing.
        long answered = stats.get(EngineFigure.ANSWERS);
        long failed = stats.get(EngineFigure.FAILURES);
        long cancelled = stats.get(EngineFigure.CANCELLED);
        long lookups = stats.get(EngineFigure.LOOKUPS);
        List<DnsResolver.ServerStats> each = new ArrayList<>();
        for (Server server : servers) {
            each.add(new DnsResolver.ServerStats(
                    server.address,
                    server.counters.get(Server.Figure.DOWN) == 0,
                    Duration.ofNanos(server.counters.get(Server.Figure.SMOOTHED_NANOS)),
                    server.counters.get(Server.Figure.QUERIES),
                    server.counters.get(Server.Figure.ANSWERS),
                    server.counters.get(Server.Figure.TIMEOUTS)));
        }
        return new DnsResolver.Stats(
                lookups,
                stats.get(EngineFigure.QUERIES),
                answered,
                failed,
                cancelled,
                stats.get(EngineFigure.RETRIES),
                stats.get(EngineFigure.TIMEOUTS),
                stats.get(EngineFigure.HEDGES),
                stats.get(EngineFigure.TCP_FALLBACKS),
                stats.get(EngineFigure.MISMATCHES),
                stats.get(EngineFigure.MALFORMED),
                (int) (lookups - answered - failed - cancelled),
                Duration.ofNanos(stats.get(EngineFigure.LOOKUP_NANOS)),
                each);
    }
}
