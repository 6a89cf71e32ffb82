package io.nettoolkit.dns;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.EventLoops;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.core.internal.BlockingCheck;
import io.nettoolkit.dns.internal.lookup.NameService;
import io.nettoolkit.dns.internal.lookup.PrivateAddresses;
import io.nettoolkit.dns.internal.name.GivenName;
import io.nettoolkit.dns.internal.name.NameFiles;
import io.nettoolkit.dns.internal.name.ResolvConf;
import io.nettoolkit.dns.internal.query.EngineOwner;
import io.nettoolkit.dns.internal.query.QueryOptions;
import io.nettoolkit.dns.internal.query.Upstream;
import io.nettoolkit.dns.internal.wire.DnsName;
import io.nettoolkit.dns.internal.wire.ReverseName;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Looks names up: addresses and records of every type, from the name servers of the system or from given ones.
 *
 * <pre>{@code
 * try (DnsResolver resolver = DnsResolver.builder().build()) {
 *     resolver.resolve("example.com").thenAccept(addresses -> …);
 *     resolver.query("example.com", DnsType.MX).thenAccept(answer -> answer.records().forEach(System.out::println));
 * }
 * }</pre>
 *
 * <p>Safe unless told otherwise: ids, ports and the case of letters are random, answers that do not match what was asked
 * are not believed, and everything has a deadline.
 *
 * <p><b>Threading.</b> Any thread may call every method. Futures complete on one of the resolver's loops.
 *
 * <p><b>Ownership.</b> Who builds it closes it; the loops stay open. Cancelling a future ends its query, where nobody
 * else waits for the same.
 *
 * <p><b>Failure.</b> Futures fail with {@link DnsException} alone, of kind LOCAL_CLOSED where {@link #close()} comes
 * before the answer; what is asked after that is refused with {@link io.nettoolkit.core.RejectedException}
 * (SHUTTING_DOWN). That there is no such name or no such data is an answer of {@link #query} and a failure of
 * {@link #resolve}.
 *
 * <p>Sources: RFC 1034 and 1035; RFC 5452 (forged answers), RFC 6891 (EDNS), RFC 7766 (TCP), RFC 7858 (TLS), RFC 2308
 * (negative answers), RFC 9520 (failures), RFC 8767 (stale answers).
 */
public final class DnsResolver implements AutoCloseable {

    private final QueryOptions options;
    private final EngineOwner engine;
    private final NameService names;

    private DnsResolver(Builder builder) {
        options = builder.options();
        names = new NameService(builder.settings(), this::upstream, this::reconfigure);
        engine = new EngineOwner(options.loops(), options.fixed(), options.tls(), options.engine(names.resolvConf()));
        names.start();
    }

    private Upstream upstream() {
        return engine.upstream();
    }

    private void reconfigure(ResolvConf resolvConf) {
        engine.configure(options.engine(resolvConf));
    }

    /** A resolver with options. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The addresses of a host, best first (RFC 6724); fails with {@link DnsException} when there are none. Takes at most
     * {@link Builder#queryTimeout}.
     */
    public CompletableFuture<List<InetAddress>> resolve(String host) {
        return names.lookups().resolve(Objects.requireNonNull(host, "host: must not be null"), null, executor());
    }

    /** The same by a deadline, or by {@link Builder#queryTimeout} where that is sooner. */
    public CompletableFuture<List<InetAddress>> resolve(String host, Deadline deadline) {
        Objects.requireNonNull(host, "host: must not be null");
        return names.lookups()
                .resolve(host, Objects.requireNonNull(deadline, "deadline: must not be null"), executor());
    }

    /** The records of a name, or that there are none. Takes at most {@link Builder#queryTimeout}. */
    public <R extends DnsRecord> CompletableFuture<DnsAnswer<R>> query(String name, DnsType<R> type) {
        return look(name, type, null);
    }

    /** The same by a deadline, or by {@link Builder#queryTimeout} where that is sooner. */
    public <R extends DnsRecord> CompletableFuture<DnsAnswer<R>> query(
            String name, DnsType<R> type, Deadline deadline) {
        return look(name, type, Objects.requireNonNull(deadline, "deadline: must not be null"));
    }

    @SuppressWarnings("unchecked") // the answer to a question has records of the type asked for
    private <R extends DnsRecord> CompletableFuture<DnsAnswer<R>> look(
            String name, DnsType<R> type, @Nullable Deadline deadline) {
        Objects.requireNonNull(name, "name: must not be null");
        Objects.requireNonNull(type, "type: must not be null");
        return (CompletableFuture<DnsAnswer<R>>)
                (CompletableFuture<?>) names.lookups().query(name, type, deadline);
    }

    /** The names of an address: the PTR records of its name below in-addr.arpa or ip6.arpa. */
    public CompletableFuture<DnsAnswer<DnsRecord.Ptr>> reverse(InetAddress address) {
        return query(ReverseName.of(address), DnsType.PTR);
    }

    /**
     * What the cache has, without asking anybody; null where it has nothing that is fresh. Allocates nothing on a hit. Knows
     * nothing of the hosts file.
     */
    @SuppressWarnings("unchecked") // as above
    public <R extends DnsRecord> @Nullable DnsAnswer<R> cached(String name, DnsType<R> type) {
        return (DnsAnswer<R>) names.lookups().cached(name, type);
    }

    /** What this resolver remembers. */
    public DnsCache cache() {
        return names.cache();
    }

    /**
     * This resolver for any Netty bootstrap; the same one each time. A host and port it was asked for before costs no object on
     * its loop, as long as the answer lasts; for names of the hosts file and addresses in letters that is 10 s. Each loop
     * keeps up to 8192 of them. Closing the group does not close the resolver.
     */
    public AddressResolverGroup<InetSocketAddress> asAddressResolverGroup() {
        return names.group();
    }

    /** What it has done so far. */
    public Stats stats() {
        return engine.stats();
    }

    /** Refuses further calls, fails those that wait for an answer, and closes all sockets. */
    @Override
    public void close() {
        names.close();
        engine.close();
    }

    /** Where its futures complete. */
    EventExecutor executor() {
        return engine.upstream().loop();
    }

    TimeSource timeSource() {
        return options.timeSource();
    }

    @Override
    public String toString() {
        return "DnsResolver[" + options + "]";
    }

    /** How queries travel. */
    public enum Protocol {
        /** In datagrams; over TCP where an answer is too long, or where somebody seems to forge answers. */
        UDP,
        /** Over TCP alone. */
        TCP,
        /** Over TLS alone (DNS over TLS, RFC 7858); port 853 as a rule. */
        TLS
    }

    /**
     * Hears of what is rare.
     *
     * <p><b>Threading.</b> Called on one of the resolver's loops; must not block.
     *
     * <p><b>Failure.</b> What it throws is logged and changes nothing else.
     */
    public interface Listener {
        /** A listener that ignores everything. */
        Listener NONE = new Listener() {
            @Override
            public String toString() {
                return "NONE";
            }
        };

        /** A name server is asked no more, but now and then to see whether it is back. */
        default void onServerDown(InetSocketAddress server, DnsException cause) {}

        /** A name server answers again. */
        default void onServerUp(InetSocketAddress server) {}

        /**
         * Answers came that match no question of ours as they should: somebody may be forging them.
         *
         * @param server whose answers they pretend to be; it is asked over TCP for a while
         * @param count how many came since the last correct answer
         */
        default void onForgerySuspected(InetSocketAddress server, long count) {}

        /** A query got no answer in one try and goes on to the next. */
        default void onRetry(String name, DnsType<?> type, DnsException cause) {}
    }

    /**
     * What the query engine has done so far; the cache counts for itself.
     *
     * @param lookups names and types looked up at the name servers
     * @param queries messages sent to name servers, tries, hedges and aliases included
     * @param answers lookups that ended in records or in that there are none
     * @param failures lookups that failed
     * @param cancelled lookups nobody waited for any more
     * @param retries tries after the first of a lookup
     * @param timeouts tries that got no answer in time
     * @param hedges second queries sent while the first was late
     * @param tcpFallbacks queries that went on over TCP because the answer was cut off
     * @param mismatches answers that matched no question as they should, and were dropped
     * @param malformed answers that broke the rules of the protocol
     * @param pending lookups under way
     * @param lookupTime how long answers and failures took, all together
     * @param servers the name servers
     */
    public record Stats(
            long lookups,
            long queries,
            long answers,
            long failures,
            long cancelled,
            long retries,
            long timeouts,
            long hedges,
            long tcpFallbacks,
            long mismatches,
            long malformed,
            int pending,
            Duration lookupTime,
            List<ServerStats> servers) {
        public Stats {
            servers = List.copyOf(servers);
        }
    }

    /**
     * One name server.
     *
     * @param address where it is
     * @param up whether it is asked in the normal course
     * @param smoothedRtt how long it takes; zero before the first answer
     * @param queries messages sent to it
     * @param answers answers it gave
     * @param timeouts queries it did not answer in time
     */
    public record ServerStats(
            InetSocketAddress address, boolean up, Duration smoothedRtt, long queries, long answers, long timeouts) {}

    /** Puts a resolver together. Not thread-safe. */
    public static final class Builder {
        private @Nullable EventLoops loops;
        private List<InetSocketAddress> nameServers = List.of();
        private Protocol protocol = Protocol.UDP;
        private @Nullable TlsConfig tls;
        private @Nullable Duration tryTimeout;
        private Duration queryTimeout = Duration.ofSeconds(5);
        private int attempts;
        private Listener listener = Listener.NONE;
        private String name = "dns";
        private TimeSource timeSource = TimeSource.system();
        private DnsCache.Config cache = DnsCache.Config.defaults();
        private @Nullable List<DnsName> search;
        private int ndots;
        private PrivateAddresses privateAddresses = PrivateAddresses.TAKEN;
        private NameFiles.@Nullable Sources files;

        private Builder() {}

        /** Where the resolver runs: it uses all of them. Default {@link EventLoops#shared()}. */
        public Builder loops(EventLoops loops) {
            this.loops = Objects.requireNonNull(loops, "loops: must not be null");
            return this;
        }

        /**
         * The name servers to ask. Default and empty: the system's, from resolv.conf, which is read again whenever it changes.
         * Where they are given, that file is not read; the hosts file is.
         */
        public Builder nameServers(List<InetSocketAddress> nameServers) {
            List<InetSocketAddress> copy = new ArrayList<>();
            for (InetSocketAddress server : nameServers) {
                if (server.isUnresolved() || server.getPort() == 0) {
                    throw new IllegalArgumentException(
                            "nameServers: " + server + " (must be an address, not a name, and a port)");
                }
                copy.add(server);
            }
            this.nameServers = List.copyOf(copy);
            return this;
        }

        /** How queries travel. Default {@link Protocol#UDP}; {@link Protocol#TLS} where {@link #tls} is set. */
        public Builder protocol(Protocol protocol) {
            this.protocol = Objects.requireNonNull(protocol, "protocol: must not be null");
            return this;
        }

        /**
         * Asks over TLS alone, as this says. Name the server with {@link TlsConfig.Builder#serverName}, or its address has
         * to be in its certificate. Default: not over TLS.
         */
        public Builder tls(TlsConfig tls) {
            if (tls.isServer()) {
                throw new IllegalArgumentException("tls: " + tls + " (must be made with TlsConfig.client())");
            }
            this.tls = tls;
            this.protocol = Protocol.TLS;
            return this;
        }

        /** How long one server gets for an answer before the next one is asked. Default what resolv.conf says, else 2 s. */
        public Builder tryTimeout(Duration tryTimeout) {
            this.tryTimeout = positive("tryTimeout", tryTimeout);
            return this;
        }

        /** How long a lookup may take at most, over all tries and aliases. Default 5 s. */
        public Builder queryTimeout(Duration queryTimeout) {
            this.queryTimeout = positive("queryTimeout", queryTimeout);
            return this;
        }

        /**
         * How often a question is sent at most, over all servers. At least 1. Default what resolv.conf says (its attempts are
         * rounds over all servers), else 4.
         */
        public Builder attempts(int attempts) {
            if (attempts < 1) {
                throw new IllegalArgumentException("attempts: " + attempts + " (must be 1 or more)");
            }
            this.attempts = attempts;
            return this;
        }

        /** How much is remembered and how long. Default {@link DnsCache.Config#defaults()}. */
        public Builder cache(DnsCache.Config cache) {
            this.cache = Objects.requireNonNull(cache, "cache: must not be null");
            return this;
        }

        /**
         * What is appended to short names of hosts. Default what resolv.conf says, where that is read; empty for nothing.
         *
         * @param ndots with at least so many dots a name itself is tried first, else last
         */
        public Builder search(List<String> domains, int ndots) {
            if (ndots < 0 || ndots > 15) {
                throw new IllegalArgumentException("ndots: " + ndots + " (must be 0 to 15)");
            }
            this.search = GivenName.parseOption("domains", domains);
            this.ndots = ndots;
            return this;
        }

        /**
         * Refuses answers of name servers with addresses that are not {@link io.nettoolkit.core.AddressScope#GLOBAL}, but for
         * names of one's own: else names of strangers could lead into this network (DNS rebinding). They fail with kind
         * DNS_BOGUS. The hosts file, "localhost" and addresses in letters are not asked for, so not
         * refused. Default: all are taken.
         *
         * @param exceptWithin domains whose names may have such addresses; empty for none
         */
        public Builder refusePrivateAddresses(List<String> exceptWithin) {
            this.privateAddresses = PrivateAddresses.takenWithin(GivenName.parseOption("exceptWithin", exceptWithin));
            return this;
        }

        /** Other files than the system's, for tests. */
        Builder files(NameFiles.Sources files) {
            this.files = files;
            return this;
        }

        /** Who hears of what is rare. Default nobody. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener: must not be null");
            return this;
        }

        /** What the resolver is called in logs, refusals and metrics. Default "dns". */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name: must not be null");
            return this;
        }

        /** The clock of deadlines and times to live. Default {@link TimeSource#system()}; another is for tests. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource: must not be null");
            return this;
        }

        private static Duration positive(String parameter, Duration value) {
            Objects.requireNonNull(value, parameter + ": must not be null");
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(parameter + ": " + value + " (must be more than zero)");
            }
            return value;
        }

        private QueryOptions options() {
            return new QueryOptions(
                    loops == null ? EventLoops.shared() : loops,
                    nameServers,
                    protocol,
                    tls,
                    tryTimeout == null ? 0 : tryTimeout.toNanos(),
                    queryTimeout,
                    attempts,
                    listener,
                    name,
                    timeSource);
        }

        private NameService.Settings settings() {
            return new NameService.Settings(
                    files != null ? files : NameService.systemFiles(!nameServers.isEmpty()),
                    search,
                    ndots,
                    privateAddresses,
                    cache,
                    queryTimeout,
                    name,
                    timeSource);
        }

        /**
         * The resolver; it opens its sockets when they are needed. Reads the system's files on the calling thread, so that the
         * first lookup need not wait for them, and is refused on event loops for that. From then on files are read on the
         * toolkit's file thread.
         *
         * @throws IllegalStateException on an event loop
         * @throws IllegalArgumentException when options contradict each other, or the TLS material cannot be used
         */
        public DnsResolver build() {
            BlockingCheck.refuseOnEventLoop("DnsResolver.build", "a resolver that was built before");
            if (protocol == Protocol.TLS && tls == null) {
                tls = TlsConfig.client().build();
            }
            if (protocol != Protocol.TLS && tls != null) {
                throw new IllegalArgumentException("protocol: " + protocol + " (must be TLS where tls is set)");
            }
            return new DnsResolver(this);
        }
    }
}
