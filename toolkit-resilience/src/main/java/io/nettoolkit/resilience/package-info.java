/**
 * Policies that keep a caller and what it calls standing: circuit breaker, rate limiters, retry, bulkhead, time limit,
 * hedging, fallback, adaptive limits, load shedding, outlier detection, and the pipeline that composes them.
 *
 * <p>Each policy has up to three faces. <b>Primitives</b> ({@code tryAcquire}, {@code onResult}) return at once, never
 * throw for "no" and allocate nothing. <b>{@code execute(Callable)}</b> and
 * <b>{@code executeAsync(Supplier<CompletionStage<T>>)}</b> wrap one call and report a refusal as a
 * {@link io.nettoolkit.core.RejectedException}. A {@link Pipeline} composes several.
 */
package io.nettoolkit.resilience;
