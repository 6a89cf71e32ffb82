package io.nettoolkit.resilience;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.internal.call.Parking;
import io.nettoolkit.testkit.ManualTime;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** A clock that moves by hand, an event loop in step with it, and parking that moves the clock. */
final class CallRig implements AutoCloseable {

    final ManualTime time = ManualTime.create();
    final TimeSource clock = TimeSource.of(time.ticker());
    final EmbeddedChannel channel =
            time.attach(EmbeddedChannel.builder().ticker(time.ticker()).build());
    final EventLoop loop = channel.eventLoop();

    /** A synchronous wait takes no real time. */
    final Parking parking = (blocker, nanos) -> time.advance(Duration.ofNanos(nanos));

    Deadline in(long millis) {
        return Deadline.after(Duration.ofMillis(millis), clock);
    }

    void advance(long millis) {
        time.advance(Duration.ofMillis(millis));
    }

    long elapsedMillis() {
        return time.elapsed().toMillis();
    }

    /** What a future failed with. */
    static Throwable failure(Future<?> future) {
        try {
            return new AssertionError("did not fail, but answered " + future.get());
        } catch (InterruptedException e) {
            throw new CompletionException(e);
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (RuntimeException e) {
            return e;
        }
    }

    @Override
    public void close() {
        time.close();
    }
}
