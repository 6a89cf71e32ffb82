package io.nettoolkit.testkit;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A name server on the loopback that answers from a few records and, where a test says so, badly.
 *
 * <pre>{@code
 * try (FakeDnsServer dns = FakeDnsServer.start()) {
 *     dns.records("example.com. 300 A 192.0.2.1", "www.example.com. 60 CNAME example.com.");
 *     dns.on("slow.example.com").reply(Reply.zone().after(Duration.ofMillis(300)));
 *     dns.on("lost.example.com").reply(Reply.nothing(), Reply.zone());       // the first query, then the others
 *     dns.on("forged.example.com").reply(Reply.zone().withWrongId().copies(100).then(Reply.zone()));
 *     resolver(dns.address());
 * }
 * }</pre>
 *
 * <p>It listens on one port for UDP and TCP, and on another one for TLS where it is given a certificate. Without a script
 * it follows aliases within its records, says NXDOMAIN for names it does not have, puts the SOA record that is closest
 * above the name into negative answers, cuts off what does not fit the asker's datagram, and answers EDNS with EDNS.
 *
 * <p><b>Threading.</b> Any thread may call every method; {@link #close} and the starting methods wait for the sockets and
 * so must not be called on one of its loops. Delays are timers of the loops: on a group of {@link ManualTime} they are
 * virtual.
 *
 * <p><b>Life cycle.</b> Answers from the start until {@link #close()}, which closes its sockets and, where the group is its
 * own (one daemon thread), ends it.
 *
 * <p><b>Failure.</b> A record that cannot be read is an {@link IllegalArgumentException} that shows the line. What cannot be
 * opened or closed within 10 s is an {@link IllegalStateException}.
 *
 * <p>Sources: RFC 1035 (messages), RFC 6891 (EDNS), RFC 7766 (TCP), RFC 7858 (TLS).
 */
public final class FakeDnsServer implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 10;

    private final EventLoopGroup group;
    private final boolean ownsGroup;
    private final FakeDnsSockets sockets;
    private final FakeDnsZone zone = new FakeDnsZone();
    private final Map<String, Script> scripts = new ConcurrentHashMap<>();
    private final Queue<Query> queries = new LinkedTransferQueue<>();
    private volatile @Nullable Script everything;

    private FakeDnsServer(EventLoopGroup group, boolean ownsGroup, @Nullable SslContext tls) {
        this.group = group;
        this.ownsGroup = ownsGroup;
        try {
            sockets = new FakeDnsSockets(group, tls, this::answer);
        } catch (Throwable failure) {
            endGroup();
            throw failure;
        }
    }

    /** A server for UDP and TCP with an event loop of its own. */
    public static FakeDnsServer start() {
        return new FakeDnsServer(newGroup(), true, null);
    }

    /** A server for UDP, TCP and TLS with an event loop of its own. */
    public static FakeDnsServer start(SslContext tls) {
        return new FakeDnsServer(newGroup(), true, Objects.requireNonNull(tls, "tls: must not be null"));
    }

    /**
     * A server for UDP and TCP on the given event loops.
     *
     * @param group event loops of the NIO transport; stays the caller's
     */
    public static FakeDnsServer start(EventLoopGroup group) {
        if (!(group instanceof IoEventLoopGroup io) || !io.isIoType(NioIoHandler.class)) {
            throw new IllegalArgumentException("group: " + group + " (must be of the NIO transport)");
        }
        return new FakeDnsServer(group, false, null);
    }

    private static EventLoopGroup newGroup() {
        return new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("fake-dns-server", true), NioIoHandler.newFactory());
    }

    /** Where it listens for UDP and TCP. */
    public InetSocketAddress address() {
        return sockets.address();
    }

    /**
     * Where it listens for TLS.
     *
     * @throws IllegalStateException when it has no certificate
     */
    public InetSocketAddress tlsAddress() {
        return sockets.tlsAddress();
    }

    /**
     * Adds records: {@code NAME TTL TYPE RDATA}, as in a zone file, with absolute names. Types: A, AAAA, CAA, CNAME, MX, NS,
     * PTR, SOA, SRV, TXT, and {@code TYPE65280 \# 2 cafe} for any other.
     */
    public FakeDnsServer records(String... lines) {
        for (String line : lines) {
            zone.add(FakeDnsRecord.parse(line));
        }
        return this;
    }

    /** Removes all records. */
    public FakeDnsServer clear() {
        zone.clear();
        return this;
    }

    /** Scripts what is said to queries for a name, whatever the type. */
    public Script on(String name) {
        return scripts.computeIfAbsent(key(name), key -> new Script());
    }

    /** Scripts what is said to queries for a name and type; goes before {@link #on(String)}. */
    public Script on(String name, String type) {
        int code = FakeDnsRecord.typeCode(type);
        return scripts.computeIfAbsent(key(name) + " " + code, key -> new Script());
    }

    /** Scripts what is said to queries no other script is for. */
    public Script onAny() {
        Script script = new Script();
        everything = script;
        return script;
    }

    private static String key(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower : lower + ".";
    }

    private Reply answer(Query query) {
        queries.add(query);
        Script script = scripts.get(key(query.name()) + " " + query.type());
        if (script == null) {
            script = scripts.get(key(query.name()));
        }
        if (script == null) {
            script = everything;
        }
        Reply reply = script == null ? Reply.zone() : script.next(query);
        return reply.answeredFrom(zone);
    }

    /** The queries that came so far, in that order. */
    public List<Query> queries() {
        return List.copyOf(queries);
    }

    /** How many of them were for this name. */
    public int queries(String name) {
        return (int) queries.stream()
                .filter(query -> key(query.name()).equals(key(name)))
                .count();
    }

    /** Closes all TCP and TLS connections. */
    public FakeDnsServer closeConnections() {
        sockets.closeConnections();
        return this;
    }

    /** How many TCP and TLS connections were accepted so far. */
    public int connections() {
        return sockets.accepted();
    }

    /** Closes its sockets. */
    @Override
    public void close() {
        sockets.close();
        endGroup();
    }

    private void endGroup() {
        if (ownsGroup) {
            group.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (!group.terminationFuture().awaitUninterruptibly(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS))) {
                throw new IllegalStateException("the event loop did not end within " + PATIENCE_SECONDS + " s");
            }
        }
    }

    /** How a query came. */
    public enum Transport {
        /** In a datagram. */
        UDP,
        /** Over a TCP connection. */
        TCP,
        /** Over a TLS connection. */
        TLS
    }

    /**
     * A query that came.
     *
     * @param name the name with the case it had, and the dot at its end
     * @param type the code of the type
     * @param id its id
     * @param transport how it came
     * @param payload the payload size of its OPT record; 0 without one
     * @param from who sent it
     * @param bytes all of it
     */
    @SuppressWarnings("ArrayRecordComponent") // for tests to look at; never compared
    public record Query(
            String name, int type, int id, Transport transport, int payload, InetSocketAddress from, byte[] bytes) {}

    /** What is said to the queries of one script, one reply after the other; the last one stays. */
    public static final class Script {
        private volatile Function<Query, Reply> rule = query -> Reply.zone();

        private Script() {}

        /** The first query gets the first reply, and so on; all further ones the last. */
        public void reply(Reply... replies) {
            List<Reply> all = List.of(replies);
            if (all.isEmpty()) {
                throw new IllegalArgumentException("replies: [] (must not be empty)");
            }
            AtomicInteger next = new AtomicInteger();
            rule = query -> all.get(Math.min(next.getAndIncrement(), all.size() - 1));
        }

        /** Each query gets what the rule says; it runs on the server's loop. */
        public void reply(Function<Query, Reply> rule) {
            this.rule = Objects.requireNonNull(rule, "rule: must not be null");
        }

        private Reply next(Query query) {
            return rule.apply(query);
        }
    }

    /** What is said to one query. Immutable: each method gives another reply. */
    public static final class Reply {
        private final FakeDnsReply settings;

        private Reply(FakeDnsReply settings) {
            this.settings = settings;
        }

        /** What the server would say without a script. */
        public static Reply zone() {
            return new Reply(FakeDnsReply.ZONE);
        }

        /** Nothing. */
        public static Reply nothing() {
            return new Reply(FakeDnsReply.NOTHING);
        }

        /** NOERROR with these records in the answer section, as they are. */
        public static Reply answer(String... lines) {
            return new Reply(FakeDnsReply.of(parse(lines)));
        }

        /** Only this response code, such as 2 for SERVFAIL; those above 15 need a query with EDNS. */
        public static Reply rcode(int rcode) {
            return new Reply(FakeDnsReply.of(List.of()).rcode(rcode));
        }

        /** These bytes, but for the id, which is the query's. */
        public static Reply raw(byte[] message) {
            return new Reply(FakeDnsReply.raw(message.clone()));
        }

        /** With this response code. */
        public Reply withRcode(int rcode) {
            return new Reply(settings.rcode(rcode));
        }

        /** With these records in the authority section. */
        public Reply withAuthority(String... lines) {
            return new Reply(settings.authority(parse(lines)));
        }

        /** With these records in the additional section. */
        public Reply withAdditional(String... lines) {
            return new Reply(settings.additional(parse(lines)));
        }

        /** That much later. */
        public Reply after(Duration delay) {
            return new Reply(settings.delay(delay));
        }

        /** Cut off in datagrams: TC is set and the records are left out. Connections get all of it. */
        public Reply truncated() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.TRUNCATED));
        }

        /** TC is set in datagrams and over connections. */
        public Reply truncatedEverywhere() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.TRUNCATED_EVERYWHERE));
        }

        /** With another id than the query's. */
        public Reply withWrongId() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.WRONG_ID));
        }

        /** With another name in the question than the query's. */
        public Reply withWrongName() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.WRONG_NAME));
        }

        /** With another type in the question than the query's. */
        public Reply withWrongType() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.WRONG_TYPE));
        }

        /** With another class in the question than the query's. */
        public Reply withWrongClass() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.WRONG_CLASS));
        }

        /** With the letters of the question in lower case, whatever the query had. */
        public Reply inLowerCase() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.LOWER_CASE));
        }

        /** From another port than the one that was asked; datagrams only. */
        public Reply fromOtherPort() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.OTHER_PORT));
        }

        /**
         * From another address of this host (127.0.0.2) and the port that was asked; datagrams only. Nothing is sent where this
         * host does not have that address, as on anything but Linux.
         */
        public Reply fromOtherAddress() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.OTHER_ADDRESS));
        }

        /** Without a question section. */
        public Reply withoutQuestion() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.NO_QUESTION));
        }

        /** Without OPT, though the query had it. */
        public Reply withoutEdns() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.NO_EDNS));
        }

        /** Not as the owner of the zone (AA is not set) and not as a resolver (RA is not set): a referral, with NS records. */
        public Reply asReferral() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.REFERRAL));
        }

        /** With the AD flag. */
        public Reply authenticated() {
            return new Reply(settings.flag(FakeDnsReply.Flaw.AUTHENTICATED));
        }

        /** That many times. */
        public Reply copies(int copies) {
            return new Reply(settings.copies(copies));
        }

        /** Over connections, in writes of so many bytes. */
        public Reply inPiecesOf(int bytes) {
            return new Reply(settings.pieces(bytes));
        }

        /** Over connections, only so many bytes (the two of the length are the first); then the connection is closed. */
        public Reply cutOffAfter(int bytes) {
            return new Reply(settings.cut(bytes, FakeDnsReply.Cut.CLOSE));
        }

        /**
         * Over connections, only so many bytes (the two of the length are the first), and nothing more ever, to later queries over
         * the same connection either.
         */
        public Reply stalledAfter(int bytes) {
            return new Reply(settings.cut(bytes, FakeDnsReply.Cut.STALL));
        }

        /** Over connections, only so many bytes (the two of the length are the first); then the connection is reset. */
        public Reply resetAfter(int bytes) {
            return new Reply(settings.cut(bytes, FakeDnsReply.Cut.RESET));
        }

        /** And then another one. */
        public Reply then(Reply next) {
            return new Reply(settings.then(next.settings));
        }

        private Reply answeredFrom(FakeDnsZone zone) {
            return new Reply(settings.in(zone));
        }

        FakeDnsReply settings() {
            return settings;
        }

        private static List<FakeDnsRecord> parse(String... lines) {
            List<FakeDnsRecord> records = new ArrayList<>();
            for (String line : lines) {
                records.add(FakeDnsRecord.parse(line));
            }
            return records;
        }
    }
}
