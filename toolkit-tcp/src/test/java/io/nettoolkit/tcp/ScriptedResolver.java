package io.nettoolkit.tcp;

import io.netty.resolver.AbstractAddressResolver;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Names that resolve to what a test says, ports included. */
final class ScriptedResolver extends AddressResolverGroup<InetSocketAddress> {

    private final Consumer<Promise<List<InetSocketAddress>>> script;

    private ScriptedResolver(Consumer<Promise<List<InetSocketAddress>>> script) {
        this.script = script;
    }

    ScriptedResolver(InetSocketAddress... addresses) {
        this(promise -> promise.setSuccess(Arrays.asList(addresses)));
    }

    static ScriptedResolver failing(Throwable cause) {
        return new ScriptedResolver(promise -> promise.setFailure(cause));
    }

    static ScriptedResolver throwing(RuntimeException bug) {
        return new ScriptedResolver(promise -> {
            throw bug;
        });
    }

    /** Never answers. */
    static ScriptedResolver silent() {
        return new ScriptedResolver(promise -> {});
    }

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
        return new AbstractAddressResolver<>(executor, InetSocketAddress.class) {
            @Override
            protected boolean doIsResolved(InetSocketAddress address) {
                return !address.isUnresolved();
            }

            @Override
            protected void doResolve(InetSocketAddress unresolved, Promise<InetSocketAddress> promise) {
                throw new UnsupportedOperationException("the client asks for all addresses");
            }

            @Override
            protected void doResolveAll(InetSocketAddress unresolved, Promise<List<InetSocketAddress>> promise) {
                script.accept(promise);
            }
        };
    }
}
