package io.nettoolkit.benchmarks.pool;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.pool.PooledRef;

/** Takes a lease that is there at once: the leanest subscriber there can be, one for each call. */
final class ReactorCall implements CoreSubscriber<PooledRef<StampedChannel>> {

    private @Nullable PooledRef<StampedChannel> lease;

    PooledRef<StampedChannel> lease() {
        return Objects.requireNonNull(lease, "no connection was idle");
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(PooledRef<StampedChannel> acquired) {
        lease = acquired;
    }

    @Override
    public void onError(Throwable failure) {
        throw new IllegalStateException(failure);
    }

    @Override
    public void onComplete() {}
}
