package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.DnsCache;
import io.nettoolkit.dns.internal.cache.AnswerCache;
import io.nettoolkit.dns.internal.cache.CacheRules;
import io.nettoolkit.dns.internal.cache.KeptAnswers;
import io.nettoolkit.dns.internal.name.AddressOrder;
import io.nettoolkit.dns.internal.name.NameFiles;
import io.nettoolkit.dns.internal.name.ResolvConf;
import io.nettoolkit.dns.internal.name.SourceAddress;
import io.nettoolkit.dns.internal.query.Upstream;
import io.nettoolkit.dns.internal.wire.DnsName;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Everything in front of the name servers, put together: files, cache, lookups, Netty's face.
 *
 * <p><b>Threading.</b> Any thread.
 */
public final class NameService implements AutoCloseable {

    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

    /** So many addresses are put in order; each costs a system call or two. The rest follows as it came. */
    private static final int MOST_ORDERED = 32;

    /**
     * What a resolver's builder was told about names.
     *
     * @param files the system's configuration
     * @param search what to append to short names instead of what the system says; null for that
     * @param ndots with it: names with fewer dots are short
     * @param privateAddresses which answers may have some
     * @param cache how much is kept
     * @param queryTimeout how long a question may be on its way
     * @param name of the resolver
     * @param time its clock
     */
    public record Settings(
            NameFiles.Sources files,
            @Nullable List<DnsName> search,
            int ndots,
            PrivateAddresses privateAddresses,
            DnsCache.Config cache,
            Duration queryTimeout,
            String name,
            TimeSource time) {}

    private final NameFiles files;
    private final Lookups lookups;
    private final DnsCache cache;
    private final HostResolverGroup group;

    /**
     * A name service.
     *
     * @param upstreams gives the one for the calling thread; not asked before {@link #start}
     * @param onServers told of a changed configuration of name servers
     * @throws IllegalArgumentException when a pinned name is none
     */
    public NameService(Settings settings, Supplier<Upstream> upstreams, Consumer<ResolvConf> onServers) {
        AnswerCache answers = new AnswerCache(CacheRules.of(settings.cache), settings.time, new Random());
        files = new NameFiles(settings.files, new Reload(onServers));
        LookupOptions options = new LookupOptions(
                new OwnNames(files::current, settings.search, settings.ndots),
                NameService::ordered,
                addresses -> addresses.stream().anyMatch(each -> SourceAddress.towards(each) != null),
                settings.privateAddresses,
                settings.queryTimeout,
                new Random(),
                settings.name,
                settings.time);
        lookups = new Lookups(options, answers, upstreams);
        cache = new KeptAnswers(answers, settings.time, InstantSource.system(), lookups::executor);
        group = new HostResolverGroup(lookups);
    }

    /** Where the system keeps its configuration; without name servers and search list where others were given. */
    public static NameFiles.Sources systemFiles(boolean ownServers) {
        String windows = System.getenv("SystemRoot");
        Path hosts = windows == null ? Path.of("/etc/hosts") : Path.of(windows, "System32", "drivers", "etc", "hosts");
        return new NameFiles.Sources(ownServers ? null : Path.of("/etc/resolv.conf"), hosts, LOOK_EVERY);
    }

    private static List<InetAddress> ordered(List<InetAddress> addresses) {
        if (addresses.size() <= MOST_ORDERED) {
            return AddressOrder.sorted(addresses, SourceAddress::towards);
        }
        List<InetAddress> all =
                new ArrayList<>(AddressOrder.sorted(addresses.subList(0, MOST_ORDERED), SourceAddress::towards));
        all.addAll(addresses.subList(MOST_ORDERED, addresses.size()));
        return all;
    }

    /** Begins what runs by itself. */
    public void start() {
        lookups.start();
    }

    /** What the system says about its name servers. */
    public ResolvConf resolvConf() {
        return files.current().resolvConf();
    }

    /** Answers questions. */
    public Lookups lookups() {
        return lookups;
    }

    /** What is kept. */
    public DnsCache cache() {
        return cache;
    }

    /** For Netty's bootstraps. */
    public HostResolverGroup group() {
        return group;
    }

    @Override
    public void close() {
        files.close();
        lookups.close();
    }

    /** On the file thread. */
    private final class Reload implements Consumer<NameFiles.Contents> {
        private final Consumer<ResolvConf> onServers;
        private ResolvConf servers = ResolvConf.DEFAULT;

        Reload(Consumer<ResolvConf> onServers) {
            this.onServers = onServers;
        }

        @Override
        public void accept(NameFiles.Contents contents) {
            lookups.namesChanged(contents.hosts());
            if (!contents.resolvConf().equals(servers)) {
                servers = contents.resolvConf();
                onServers.accept(servers);
                lookups.serversChanged();
            }
        }
    }
}
