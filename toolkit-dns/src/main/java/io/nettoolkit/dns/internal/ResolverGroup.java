package io.nettoolkit.dns.internal;

import io.nettoolkit.dns.DnsResolver;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** A resolver as Netty's bootstraps take one. Any thread. */
public final class ResolverGroup extends AddressResolverGroup<InetSocketAddress> {

    private final DnsResolver resolver;

    /** Of this resolver, which stays open when the group is closed. */
    public ResolverGroup(DnsResolver resolver) {
        this.resolver = resolver;
    }

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
        return new InetNameResolver(executor) {
            @Override
            protected void doResolve(String host, Promise<InetAddress> promise) {
                resolver.resolve(host).whenComplete((addresses, failure) -> {
                    if (failure == null) {
                        promise.trySuccess(addresses.get(0));
                    } else {
                        promise.tryFailure(failure);
                    }
                });
            }

            @Override
            protected void doResolveAll(String host, Promise<List<InetAddress>> promise) {
                resolver.resolve(host).whenComplete((addresses, failure) -> {
                    if (failure == null) {
                        promise.trySuccess(addresses);
                    } else {
                        promise.tryFailure(failure);
                    }
                });
            }
        }.asAddressResolver();
    }
}
