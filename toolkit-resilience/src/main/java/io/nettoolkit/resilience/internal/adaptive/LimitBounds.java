package io.nettoolkit.resilience.internal.adaptive;

/**
 * The fixed part of a limit.
 *
 * @param min the smallest limit
 * @param max the largest limit
 * @param decrease the factor after an overload
 * @param tolerance how much longer than at rest calls may take before a gradient limit shrinks
 */
public record LimitBounds(int min, int max, double decrease, double tolerance) {}
