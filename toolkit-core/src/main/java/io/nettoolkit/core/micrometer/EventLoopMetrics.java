package io.nettoolkit.core.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.nettoolkit.core.EventLoops;
import java.util.Locale;
import java.util.Objects;

/**
 * Micrometer meters of event loops: {@code toolkit.eventloop.threads}, {@code toolkit.eventloop.pending_tasks} (gauges)
 * and {@code toolkit.eventloop.stalls} (counter), each tagged with {@code name} and {@code transport}.
 *
 * <pre>{@code
 * new EventLoopMetrics(EventLoops.shared()).bindTo(registry);
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable. The meters read {@link EventLoops#stats()} whenever the registry is read.
 *
 * <p><b>Ownership.</b> Meters stay in the registry for good and keep the loops' statistics reachable after they closed;
 * give loops that come and go the same name, or none of these.
 */
@SuppressWarnings("exports") // transitive, Micrometer would be forced on every module that uses the core
public final class EventLoopMetrics implements MeterBinder {

    private final EventLoops loops;

    /** Meters of these loops. */
    public EventLoopMetrics(EventLoops loops) {
        this.loops = Objects.requireNonNull(loops, "loops: must not be null");
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        EventLoops.Stats stats = loops.stats();
        Tags tags = Tags.of(
                "name", stats.name(), "transport", stats.transport().name().toLowerCase(Locale.ROOT));
        Gauge.builder("toolkit.eventloop.threads", loops, l -> l.stats().threads())
                .description("Event loops")
                .tags(tags)
                .strongReference(true)
                .register(registry);
        Gauge.builder("toolkit.eventloop.pending_tasks", loops, l -> l.stats().pendingTasks())
                .description("Tasks waiting on all event loops together")
                .tags(tags)
                .strongReference(true)
                .register(registry);
        FunctionCounter.builder(
                        "toolkit.eventloop.stalls", loops, l -> l.stats().stalls())
                .description("How often an event loop was blocked")
                .tags(tags)
                .register(registry);
    }
}
