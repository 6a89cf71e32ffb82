package io.nettoolkit.core.internal;

import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * The JDK's resolver off the loop. Netty's default calls it on the loop, where one slow lookup holds up every connection;
 * here it runs where the JDK runs its own asynchronous work.
 */
public final class SystemResolverGroup extends AddressResolverGroup<InetSocketAddress> {

    /** The one there is; it keeps no state but Netty's resolver per loop. */
    public static final SystemResolverGroup INSTANCE = new SystemResolverGroup();

    private SystemResolverGroup() {}

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
        return new Resolver(executor).asAddressResolver();
    }

    private static final class Resolver extends InetNameResolver {

        Resolver(EventExecutor executor) {
            super(executor);
        }

        @Override
        protected void doResolve(String name, Promise<InetAddress> promise) {
            lookUp(() -> InetAddress.getByName(name), promise);
        }

        @Override
        protected void doResolveAll(String name, Promise<List<InetAddress>> promise) {
            lookUp(() -> List.of(InetAddress.getAllByName(name)), promise);
        }

        private static <T> void lookUp(Callable<T> lookup, Promise<T> promise) {
            CompletableFuture<Void> started = CompletableFuture.runAsync(() -> {
                try {
                    promise.trySuccess(lookup.call());
                } catch (Throwable failure) {
                    promise.tryFailure(failure);
                }
            });
            assert !started.isCompletedExceptionally();
        }
    }
}
