package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.dns.internal.cache.AnswerCache;
import io.nettoolkit.dns.internal.cache.CacheEntry;
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
 * The resolver as Netty's bootstraps take it. Each loop has a resolver of its own, and that a small table of what it has
 * handed out: for a host and port the finished future with the socket address in it. A hit is a read of plain fields on the
 * loop's own thread and a look at the cache's entry: whether it is still fresh and still holds what the future was made of.
 * Nothing in the table is believed without that look, so nothing has to be taken out when an answer changes; a place is
 * overwritten by the next host and port that falls on it.
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

    /** A power of two. */
    private static final int PLACES = 512;

    private final Lookups lookups;
    private final AnswerCache cache;
    private volatile IdentityHashMap<EventExecutor, HostResolver> resolvers = new IdentityHashMap<>();

    /** A group. */
    public HostResolverGroup(Lookups lookups) {
        this.lookups = lookups;
        this.cache = lookups.cache();
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

    /** What was handed out for a host and a port. */
    private record Place(
            String host,
            int port,
            @Nullable CacheEntry entry,
            @Nullable Object value,
            Future<InetSocketAddress> one,
            Future<List<InetSocketAddress>> all) {}

    private final class HostResolver implements AddressResolver<InetSocketAddress> {

        private final EventExecutor executor;
        private final @Nullable Place[] places = new Place[PLACES];

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
            Place place = place(inet.getHostString(), inet.getPort());
            return place != null ? place.one : resolve(inet, executor.newPromise());
        }

        @Override
        public Future<List<InetSocketAddress>> resolveAll(SocketAddress address) {
            if (!(address instanceof InetSocketAddress inet)) {
                return executor.newFailedFuture(new UnsupportedAddressTypeException());
            }
            if (!inet.isUnresolved()) {
                return executor.newSucceededFuture(List.of(inet));
            }
            Place place = place(inet.getHostString(), inet.getPort());
            return place != null ? place.all : resolveAll(inet, executor.newPromise());
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
            Place place = place(host, port);
            if (place != null) {
                promise.trySuccess(part.apply(place.all.getNow()));
                return promise;
            }
            var lookup = lookups.resolve(host, null, executor);
            lookup.whenComplete((addresses, failure) -> {
                if (failure != null) {
                    promise.tryFailure(failure);
                } else {
                    promise.trySuccess(part.apply(note(host, port, addresses)));
                }
            });
            promise.addListener(done -> {
                if (done.isCancelled()) {
                    lookup.cancel(false);
                }
            });
            return promise;
        }

        private @Nullable Place place(String host, int port) {
            if (!executor.inEventLoop()) {
                return null;
            }
            Place place = places[index(host, port)];
            if (place == null || place.port != port || !place.host.equals(host)) {
                return null;
            }
            CacheEntry entry = place.entry;
            return entry == null || (cache.isFresh(entry) && entry.value() == place.value) ? place : null;
        }

        /** Notes what the next one may have without a lookup. */
        private List<InetSocketAddress> note(String host, int port, List<InetAddress> addresses) {
            List<InetSocketAddress> all = addresses.stream()
                    .map(address -> new InetSocketAddress(address, port))
                    .toList();
            CacheEntry entry = cache.host(host);
            Object value = entry == null ? null : entry.value();
            boolean kept = value instanceof ResolvedHost resolved && resolved.addresses() == addresses;
            if (kept && executor.inEventLoop()) {
                places[index(host, port)] = new Place(
                        host,
                        port,
                        entry,
                        value,
                        executor.newSucceededFuture(all.get(0)),
                        executor.newSucceededFuture(all));
            }
            return all;
        }

        private int index(String host, int port) {
            int hash = host.hashCode() * 31 + port;
            return (hash ^ hash >>> 16) & (PLACES - 1);
        }

        @Override
        public void close() {
            change(map -> map.remove(executor));
        }
    }
}
