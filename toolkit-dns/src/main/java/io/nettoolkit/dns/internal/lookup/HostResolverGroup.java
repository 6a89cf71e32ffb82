package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.TimeSource;
import io.nettoolkit.dns.internal.cache.AnswerCache;
import io.nettoolkit.dns.internal.cache.CacheEntry;
import io.nettoolkit.dns.internal.lookup.WarmHosts.WarmHost;
import io.nettoolkit.dns.internal.name.HostsFile;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/*
 * The resolver as Netty's bootstraps take it. Each loop has a resolver of its own, and that a table of what it has
 * handed out: for a host and port the finished future with the socket address in it. A hit is a read of plain fields on the
 * loop's own thread and a look at the cache's entry: whether it is still fresh and still holds what the future was made of.
 * Names of this host's own, which are in no cache, hold for a while, as long as the hosts file is the one they were found by.
 * Nothing in the table is believed without that look, so nothing has to be taken out when an answer changes.
 *
 * Netty finds a loop's resolver in a map under a lock, which all loops share. Here a copy of that map is asked first, which is
 * replaced when a loop comes or goes.
 */
/**
 * A resolver for any Netty bootstrap.
 *
 * <p><b>Threading.</b> Any thread may call every method; on the executor's own thread a warm name costs no object.
 *
 * <p><b>Ownership.</b> Closing it ends no resolver.
 */
public final class HostResolverGroup extends AddressResolverGroup<InetSocketAddress> {

    private final Lookups lookups;
    private final AnswerCache cache;
    private final OwnNames ownNames;
    private final TimeSource time;
    private volatile IdentityHashMap<EventExecutor, HostResolver> resolvers = new IdentityHashMap<>();

    /** A group. */
    public HostResolverGroup(Lookups lookups) {
        this.lookups = lookups;
        this.cache = lookups.cache();
        this.ownNames = lookups.options().names();
        this.time = lookups.options().time();
    }

    @Override
    public AddressResolver<InetSocketAddress> getResolver(EventExecutor executor) {
        HostResolver known = resolvers.get(executor);
        return known != null && !executor.isShuttingDown() ? known : super.getResolver(executor);
    }

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
        HostResolver resolver = new HostResolver(executor);
        change(map -> map.put(executor, resolver));
        return resolver;
    }

    private synchronized void change(Consumer<IdentityHashMap<EventExecutor, HostResolver>> action) {
        IdentityHashMap<EventExecutor, HostResolver> copy = new IdentityHashMap<>(resolvers);
        action.accept(copy);
        resolvers = copy;
    }

    private final class HostResolver implements AddressResolver<InetSocketAddress> {

        private final EventExecutor executor;
        private final WarmHosts warmHosts = new WarmHosts(this::isQuick);

        HostResolver(EventExecutor executor) {
            this.executor = executor;
        }

        @Override
        public boolean isSupported(SocketAddress address) {
            return address instanceof InetSocketAddress;
        }

        @Override
        public boolean isResolved(SocketAddress address) {
            if (!(address instanceof InetSocketAddress inet)) {
                throw new UnsupportedAddressTypeException();
            }
            return !inet.isUnresolved();
        }

        @Override
        public Future<InetSocketAddress> resolve(SocketAddress address) {
            if (!(address instanceof InetSocketAddress inet)) {
                return executor.newFailedFuture(new UnsupportedAddressTypeException());
            }
            if (!inet.isUnresolved()) {
                return executor.newSucceededFuture(inet);
            }
            WarmHost warm = warm(inet.getHostString(), inet.getPort());
            return warm != null ? warm.one() : resolve(inet, executor.newPromise());
        }

        @Override
        public Future<List<InetSocketAddress>> resolveAll(SocketAddress address) {
            if (!(address instanceof InetSocketAddress inet)) {
                return executor.newFailedFuture(new UnsupportedAddressTypeException());
            }
            if (!inet.isUnresolved()) {
                return executor.newSucceededFuture(List.of(inet));
            }
            WarmHost warm = warm(inet.getHostString(), inet.getPort());
            return warm != null ? warm.all() : resolveAll(inet, executor.newPromise());
        }

        @Override
        public Future<InetSocketAddress> resolve(SocketAddress address, Promise<InetSocketAddress> promise) {
            return fill(address, promise, all -> all.get(0));
        }

        @Override
        public Future<List<InetSocketAddress>> resolveAll(
                SocketAddress address, Promise<List<InetSocketAddress>> promise) {
            return fill(address, promise, all -> all);
        }

        private <T> Future<T> fill(
                SocketAddress address, Promise<T> promise, Function<List<InetSocketAddress>, T> part) {
            if (!(address instanceof InetSocketAddress inet)) {
                return promise.setFailure(new UnsupportedAddressTypeException());
            }
            if (!inet.isUnresolved()) {
                promise.trySuccess(part.apply(List.of(inet)));
                return promise;
            }
            String host = inet.getHostString();
            int port = inet.getPort();
            WarmHost warm = warm(host, port);
            if (warm == null) {
                warm = own(host, port);
            }
            if (warm != null) {
                promise.trySuccess(part.apply(warm.all().getNow()));
                return promise;
            }
            var lookup = lookups.resolve(host, null, executor);
            lookup.whenComplete((addresses, failure) -> {
                if (failure != null) {
                    promise.tryFailure(failure);
                } else {
                    promise.trySuccess(part.apply(noteAnswer(host, port, addresses)));
                }
            });
            promise.addListener(done -> {
                if (done.isCancelled()) {
                    lookup.cancel(false);
                }
            });
            return promise;
        }

        private @Nullable WarmHost warm(String host, int port) {
            if (!executor.inEventLoop() || lookups.isClosed()) {
                return null;
            }
            WarmHost found = warmHosts.get(host, port);
            return found != null && isFresh(found) ? found : null;
        }

        private boolean isFresh(WarmHost warm) {
            CacheEntry entry = warm.entry();
            return entry == null ? isOwnFresh(warm) : cache.isFresh(entry) && entry.value() == warm.origin();
        }

        /** The same without being a use of it, and false a little before its end. */
        private boolean isQuick(WarmHost warm) {
            CacheEntry entry = warm.entry();
            return entry == null
                    ? isOwnFresh(warm)
                    : entry.isQuick(time.coarseNanos()) && entry.value() == warm.origin();
        }

        private boolean isOwnFresh(WarmHost warm) {
            return warm.origin() == ownNames.hosts() && time.coarseNanos() + time.tickNanos() - warm.endNanos() < 0;
        }

        /** A name of this host's own; null for one that is not. */
        private @Nullable WarmHost own(String host, int port) {
            // Before the names in it: what is noted may be thought older than it is, never younger.
            HostsFile hosts = ownNames.hosts();
            List<InetAddress> addresses = lookups.ownAddresses(host);
            return addresses == null ? null : note(host, null, hosts, withPort(addresses, port));
        }

        private List<InetSocketAddress> noteAnswer(String host, int port, List<InetAddress> addresses) {
            List<InetSocketAddress> all = withPort(addresses, port);
            CacheEntry entry = cache.host(host);
            Object value = entry == null ? null : entry.value();
            if (value instanceof ResolvedHost resolved && resolved.addresses() == addresses) {
                note(host, entry, value, all);
            }
            return all;
        }

        private static List<InetSocketAddress> withPort(List<InetAddress> addresses, int port) {
            return addresses.stream()
                    .map(address -> new InetSocketAddress(address, port))
                    .toList();
        }

        /** Notes what the next one may have without a lookup. */
        private WarmHost note(String host, @Nullable CacheEntry entry, Object origin, List<InetSocketAddress> all) {
            WarmHost warm = new WarmHost(
                    host,
                    all.get(0).getPort(),
                    entry,
                    origin,
                    time.coarseNanos() + OwnNames.TTL_NANOS,
                    executor.newSucceededFuture(all.get(0)),
                    executor.newSucceededFuture(all));
            if (executor.inEventLoop()) {
                warmHosts.put(warm);
            }
            return warm;
        }

        @Override
        public void close() {
            change(map -> map.remove(executor));
        }
    }
}
