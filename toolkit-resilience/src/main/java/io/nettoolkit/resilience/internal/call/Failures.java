package io.nettoolkit.resilience.internal.call;

import io.nettoolkit.core.Deadline;
import io.nettoolkit.core.NetException;
import io.nettoolkit.core.NetFailure.Kind;
import io.nettoolkit.core.NetFailure.Operation;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Throwing and joining the failures of calls. */
final class Failures {

    /** As many failures of earlier attempts one failure carries; an exception object may be shared and must not grow. */
    static final int MAX_SUPPRESSED = 8;

    private Failures() {}

    /** Throws anything, checked or not: what a user's call threw has to reach its caller as it is. */
    static RuntimeException raise(Throwable failure) {
        throw Failures.<RuntimeException>as(failure);
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the point: the compiler is not to see the type
    private static <X extends Throwable> X as(Throwable failure) throws X {
        throw (X) failure;
    }

    /** Notes an earlier failure on a later one, unless it is the same object or there are enough already. */
    static void suppress(Throwable later, @Nullable Throwable earlier) {
        if (earlier != null && earlier != later && later.getSuppressed().length < MAX_SUPPRESSED) {
            later.addSuppressed(earlier);
        }
    }

    /** A deadline that had passed before anything was done. */
    static NetException tooLate(String policy, Deadline deadline) {
        return NetException.builder(Kind.REQUEST_TIMEOUT, Operation.REQUEST)
                .retryable(true)
                .detail(policy + ": the deadline had passed before the call, by "
                        + Duration.ofNanos(-deadline.remainingNanos()) + "; it was not made")
                .build();
    }

    /** A call that was not over in time. */
    static NetException timeout(String policy, long limitNanos) {
        return NetException.builder(Kind.REQUEST_TIMEOUT, Operation.REQUEST)
                .elapsed(Duration.ofNanos(limitNanos))
                .detail(policy + ": no result in time; the call was told to stop")
                .build();
    }
}
