package io.nettoolkit.dns.internal.query;

import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.internal.jfr.JfrEvents;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsRecord;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.dns.internal.query.AnswerReader.Verdict;
import io.nettoolkit.dns.internal.query.Attempt.Shape;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.nettoolkit.dns.internal.wire.MessageReader;
import io.nettoolkit.dns.internal.wire.WireException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * One question on its way to an answer: a state machine driven by answers, failures of attempts and time. It does no I/O;
 * what it sends goes through the link of a server, and now is an argument.
 *
 *   try: ask the best server ---- late ----> hedge: ask one more, if the budget has it
 *    ^         |                                |
 *    |         +--------- time is up -----------+
 *    |                       |
 *    +------ next server ----+----> no tries left, or the deadline: failure
 *
 * At once and to the same server: without EDNS after FORMERR, NOTIMP or BADVERS; over TCP after TC and after an answer whose
 * letters have other case than the question's. At once and to the next server: after a failure (SERVFAIL, REFUSED, a message
 * that breaks the rules, a port nobody listens on). An attempt whose time is up stays registered while the lookup goes on, so
 * that a late answer is still an answer.
 *
 * Each name of a chain of aliases begins with fresh tries; the deadline is one for all of it.
 */

/** One lookup. Confined to the engine's loop. */
final class Resolution extends TimerHeap.Node implements Upstream.Lookup {

    /** Attempts beyond the tries, for steps down and TCP. */
    private static final int EXTRA_SENDS = 4;

    private final QueryEngine engine;
    private final List<Server> servers;
    private final DnsName asked;
    private final DnsType<?> type;
    private final long startNanos;
    private final long deadlineNanos;
    private final Upstream.Outcome outcome;
    /** The one server to ask; null as a rule. */
    private final @Nullable Server pinned;

    private DnsName name;
    private List<DnsRecord.Cname> aliases = List.of();
    private boolean authenticated = true;
    private final Attempts attempts = new Attempts();
    private long tried;
    private int tries;
    private int sends;
    private boolean lateChecked;
    private boolean done;
    private long tryEndNanos;
    private @Nullable FailedTry failure;

    static Resolution of(
            QueryEngine engine, DnsName name, DnsType<?> type, long deadlineNanos, Upstream.Outcome outcome) {
        return new Resolution(engine, name, type, deadlineNanos, outcome, null);
    }

    private Resolution(
            QueryEngine engine,
            DnsName name,
            DnsType<?> type,
            long deadlineNanos,
            Upstream.Outcome outcome,
            @Nullable Server pinned) {
        this.engine = engine;
        this.servers = engine.servers();
        this.asked = name;
        this.name = name;
        this.type = type;
        this.deadlineNanos = deadlineNanos;
        this.outcome = outcome;
        this.pinned = pinned;
        this.startNanos = engine.nowNanos();
    }

    /** The name asked for, or the last one of the chain of aliases so far. */
    DnsName name() {
        return name;
    }

    /** Whether it only looks at a server that is down. */
    boolean isProbe() {
        return pinned != null;
    }

    int typeCode() {
        return type.code();
    }

    void start() {
        if (deadlineNanos - startNanos <= 0) {
            fail(FailedTry.of(Kind.DNS_TIMEOUT, "the deadline had passed already"), startNanos);
            return;
        }
        begin(startNanos);
    }

    /** First try for the current name. */
    private void begin(long nowNanos) {
        tried = 0;
        tries = 0;
        sends = 0;
        failure = null;
        Server server = pinned != null ? pinned : engine.choice().first(servers, nowNanos);
        if (server == null) {
            fail(FailedTry.allDown(servers, nowNanos), nowNanos);
            return;
        }
        if (server.isUp()) {
            lookAtServersThatAreDown(nowNanos);
        }
        sendTry(server, nowNanos);
    }

    /** A copy of the query goes to one that is down, and tells nobody but the server's health. */
    private void lookAtServersThatAreDown(long nowNanos) {
        Server down = engine.choice().probe(servers, 0, nowNanos);
        if (down != null) {
            long end = nowNanos + engine.tryTimeoutNanos();
            new Resolution(engine, name, type, end, Probe.NOBODY_WAITS, down).begin(nowNanos);
        }
    }

    private void sendTry(Server server, long nowNanos) {
        tries++;
        lateChecked = false;
        tryEndNanos = nowNanos + engine.tryTimeoutNanos();
        send(server, engine.shape(server, nowNanos), nowNanos);
        waitUntil(nowNanos + server.roundTrip.lateNanos());
    }

    /** A step down or to TCP has the time of a try of its own. */
    private Attempt sendInstead(Attempt attempt, Shape shape, long nowNanos) {
        attempts.drop(attempt);
        lateChecked = true;
        tryEndNanos = nowNanos + engine.tryTimeoutNanos();
        Attempt instead = send(attempt.server, shape, nowNanos);
        waitUntil(tryEndNanos);
        return instead;
    }

    private Attempt send(Server server, Shape wanted, long nowNanos) {
        boolean again = (tried & ServerChoice.bit(servers.indexOf(server))) != 0;
        boolean small = again && wanted == Shape.FULL && failure != null && failure.isTimeout();
        Attempt attempt =
                new Attempt(this, server, small ? Shape.SMALL : wanted, engine.newCaseBits(server, nowNanos), nowNanos);
        attempt.smallAfterTimeout = small;
        attempts.add(attempt);
        tried |= ServerChoice.bit(servers.indexOf(server));
        sends++;
        server.onSent();
        engine.stats().add(EngineFigure.QUERIES);
        engine.linkOf(server).send(attempt);
        return attempt;
    }

    private void waitUntil(long wantedNanos) {
        long due = lateChecked || tryEndNanos - wantedNanos < 0 ? tryEndNanos : wantedNanos;
        engine.timers().wakeAt(this, deadlineNanos - due < 0 ? deadlineNanos : due);
    }

    @Override
    void onDue(long nowNanos) {
        if (deadlineNanos - nowNanos <= 0) {
            countTimeouts(nowNanos, true);
            fail(unanswered(), nowNanos);
        } else if (tryEndNanos - nowNanos <= 0) {
            countTimeouts(nowNanos, false);
            nextTry(nowNanos);
        } else {
            lateChecked = true;
            hedge(nowNanos);
            waitUntil(tryEndNanos);
        }
    }

    private void hedge(long nowNanos) {
        if (pinned != null || tries >= engine.maxTries()) {
            return;
        }
        Server other = engine.choice().next(servers, tried, nowNanos);
        Attempt latest = attempts.latest();
        // A datagram may be lost, so asking the same server again makes sense; on a connection it does not.
        Server server = other != null || latest == null || latest.stream ? other : latest.server;
        if (server == null || !engine.budget().tryHedge()) {
            return;
        }
        tries++;
        engine.stats().add(EngineFigure.HEDGES);
        send(server, engine.shape(server, nowNanos), nowNanos);
    }

    /** The attempts that have waited long enough count against their servers, each once. */
    private void countTimeouts(long nowNanos, boolean deadline) {
        Attempt following;
        for (Attempt attempt = attempts.latest(); attempt != null; attempt = following) {
            following = attempt.next;
            long waited = nowNanos - attempt.sentNanos;
            long enough = deadline
                    ? Math.min(engine.tryTimeoutNanos(), attempt.server.roundTrip.lateNanos())
                    : engine.tryTimeoutNanos();
            if (attempt.late || waited < enough) {
                continue;
            }
            attempt.late = true;
            engine.stats().add(EngineFigure.TIMEOUTS);
            failure = FailedTry.late(attempt.server);
            if (attempt.server.onTimeout(engine.tryTimeoutNanos(), nowNanos)) {
                engine.tellDown(attempt.server, failure.exception(name, type, waited));
            }
            if (attempt.stream) {
                // A connection loses nothing: what has not come will not, and the next try is to take another one.
                attempts.drop(attempt);
            }
        }
    }

    private void nextTry(long nowNanos) {
        if (done) {
            return;
        }
        FailedTry last = failure;
        if (pinned != null || tries >= engine.maxTries() || sends >= engine.maxTries() + EXTRA_SENDS) {
            failWith(last, nowNanos);
            return;
        }
        Server server = engine.choice().next(servers, tried, nowNanos);
        if (server == null) {
            server = engine.choice().probe(servers, tried, nowNanos);
        }
        if (server == null && (last == null || last.isTimeout())) {
            // A lost datagram is worth another round; a server that says no will say it again.
            server = engine.choice().first(servers, nowNanos);
        }
        if (server == null) {
            failWith(last, nowNanos);
            return;
        }
        engine.stats().add(EngineFigure.RETRIES);
        if (last != null) {
            engine.tellRetry(name, type, last.exception(asked, type, nowNanos - startNanos));
        }
        if (!done) {
            sendTry(server, nowNanos);
        }
    }

    /** An attempt failed without an answer, or with one that is none. */
    void onFailed(Attempt attempt, Kind kind, String detail, @Nullable Throwable cause) {
        long now = engine.nowNanos();
        attempts.drop(attempt);
        failure = new FailedTry(kind, attempt.server, detail, cause);
        if (attempts.isAnyAwaited()) {
            return;
        }
        nextTry(now);
    }

    /** The connection it went over was closed after it had served others: that says nothing about the server. */
    void onConnectionLost(Attempt attempt) {
        if (sends < engine.maxTries() + EXTRA_SENDS) {
            sendInstead(attempt, Shape.of(attempt.stream, attempt.payload), engine.nowNanos());
        } else {
            onFailed(attempt, Kind.PEER_CLOSED, "it closes connections before it answers", null);
        }
    }

    /** An answer in letters of other case than the question: over TCP it shows whether the server does that. */
    void onOtherCase(Attempt attempt) {
        engine.stats().add(EngineFigure.TCP_FALLBACKS);
        sendInstead(attempt, Shape.of(true, attempt.payload), engine.nowNanos()).checksCase = true;
    }

    /** The answer was cut off. */
    void onTruncated(Attempt attempt) {
        engine.stats().add(EngineFigure.TCP_FALLBACKS);
        sendInstead(attempt, Shape.of(true, attempt.payload), engine.nowNanos());
    }

    /** A whole answer that matches the question and keeps the rules of messages. */
    void onAnswer(Attempt attempt, MessageReader message, long nowNanos) {
        int rcode = message.rcode();
        switch (rcode) {
            case Rcode.NOERROR, Rcode.NXDOMAIN -> {
                if (attempt.payload == 0 && attempt.server.payload(nowNanos) != 0) {
                    attempt.server.onEdnsRefused(nowNanos);
                }
                onContent(attempt, message, nowNanos);
            }
            case Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS -> {
                if (attempt.payload != 0) {
                    sendInstead(attempt, Shape.of(attempt.stream, 0), nowNanos);
                } else {
                    onFailed(attempt, Kind.DNS_SERVER_FAILURE, "it said " + Rcode.name(rcode), null);
                }
            }
            case Rcode.REFUSED ->
                onFailed(attempt, Kind.DNS_REFUSED, "it said REFUSED: it may not serve this client", null);
            default -> onFailed(attempt, Kind.DNS_SERVER_FAILURE, "it said " + Rcode.name(rcode), null);
        }
    }

    private void onContent(Attempt attempt, MessageReader message, long nowNanos) {
        AnswerReader answer = engine.answerReader();
        Verdict verdict;
        try {
            verdict = answer.read(message, name, type, aliases);
        } catch (WireException malformed) {
            engine.stats().add(EngineFigure.MALFORMED);
            onFailed(attempt, Kind.PROTOCOL, "its answer breaks the rules: " + malformed.getMessage(), null);
            return;
        }
        boolean validated = authenticated && message.isAuthenticated();
        switch (verdict) {
            case RECORDS -> succeed(attempt, DnsAnswer.Kind.ANSWER, validated, nowNanos);
            case NODATA -> succeed(attempt, DnsAnswer.Kind.NODATA, validated, nowNanos);
            case NXDOMAIN -> succeed(attempt, DnsAnswer.Kind.NXDOMAIN, validated, nowNanos);
            case REFERRAL ->
                onFailed(attempt, Kind.DNS_SERVER_FAILURE, "it refers to other servers and is none for clients", null);
            case LOOP ->
                fail(
                        new FailedTry(
                                Kind.DNS_LOOP,
                                attempt.server,
                                "more than " + AnswerReader.MAX_ALIASES + " aliases, the last " + name,
                                null),
                        nowNanos);
            case ALIAS -> {
                aliases = answer.aliases();
                authenticated = validated;
                attempts.dropAll(attempt, nowNanos);
                name = answer.target();
                begin(nowNanos);
            }
        }
    }

    private void succeed(Attempt attempt, DnsAnswer.Kind kind, boolean validated, long nowNanos) {
        AnswerReader answer = engine.answerReader();
        Response response = new Response(
                asked,
                type,
                kind,
                answer.records(),
                List.copyOf(answer.aliases()),
                answer.soa(),
                validated,
                attempt.server.address,
                nowNanos - attempt.sentNanos);
        end(attempt, nowNanos);
        account(EngineFigure.ANSWERS, kind.name(), attempt.server, nowNanos);
        outcome.onResponse(response);
    }

    @Override
    public void cancel() {
        if (!done) {
            end(null, engine.nowNanos());
            engine.stats().add(EngineFigure.CANCELLED);
        }
    }

    /** The resolver closes. */
    void onClose(long nowNanos) {
        fail(FailedTry.of(Kind.LOCAL_CLOSED, "the resolver was closed"), nowNanos);
    }

    private void end(@Nullable Attempt winner, long nowNanos) {
        done = true;
        engine.timers().sleep(this);
        attempts.dropAll(winner, nowNanos);
        engine.over(this);
    }

    private void failWith(@Nullable FailedTry last, long nowNanos) {
        fail(last == null || last.isTimeout() ? unanswered() : last, nowNanos);
    }

    private FailedTry unanswered() {
        return FailedTry.unanswered(sends, Long.bitCount(tried), servers);
    }

    private void fail(FailedTry why, long nowNanos) {
        if (done) {
            return; // by a listener that heard of what led to this
        }
        DnsException exception = why.exception(asked, type, nowNanos - startNanos);
        end(null, nowNanos);
        account(EngineFigure.FAILURES, why.kind().name(), why.server(), nowNanos);
        outcome.onFailure(exception);
    }

    private void account(EngineFigure end, String outcome, @Nullable Server server, long nowNanos) {
        if (pinned == null) {
            engine.stats().add(EngineFigure.LOOKUP_NANOS, nowNanos - startNanos);
            engine.stats().add(end);
            JfrEvents.dnsLookup(asked, type, outcome, server == null ? null : server.address, nowNanos - startNanos);
        }
    }
}
