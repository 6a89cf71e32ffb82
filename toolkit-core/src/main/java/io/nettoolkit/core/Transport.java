package io.nettoolkit.core;

import io.nettoolkit.core.internal.transport.TransportProvider;
import org.jspecify.annotations.Nullable;

/**
 * The way an event loop asks the operating system for I/O.
 *
 * <p>{@link #NIO} is always there. The native ones need a jar of Netty's on the class path (or module path) and the
 * right operating system; {@link #unavailabilityCause()} says in words which of the two is missing.
 *
 * <pre>{@code
 * if (!Transport.EPOLL.isAvailable()) {
 *     System.err.println(Transport.EPOLL.unavailabilityCause().getMessage());
 * }
 * }</pre>
 *
 * <p><b>Threading.</b> Any thread may call every method. The first question about a native transport loads its library.
 *
 * <p><b>Failure.</b> Asking never throws, whatever is missing.
 */
public enum Transport {
    /** Linux io_uring. Never chosen by {@link #best()}: ask for it. Many containers and kernels forbid it. */
    IO_URING,
    /** Linux epoll, the fastest all-round choice there. */
    EPOLL,
    /** macOS and BSD kqueue. */
    KQUEUE,
    /** The JDK's selector: runs everywhere, knows fewer socket options. */
    NIO;

    /** The first available one of epoll, kqueue, nio. io_uring is used by choice only. */
    public static Transport best() {
        if (EPOLL.isAvailable()) {
            return EPOLL;
        }
        return KQUEUE.isAvailable() ? KQUEUE : NIO;
    }

    /** Whether event loops of this kind can be made here. */
    public boolean isAvailable() {
        return unavailabilityCause() == null;
    }

    /** What is missing, with the artifact to add where that helps; {@code null} when the transport is available. */
    public @Nullable Throwable unavailabilityCause() {
        return TransportProvider.of(this).unavailabilityCause();
    }
}
