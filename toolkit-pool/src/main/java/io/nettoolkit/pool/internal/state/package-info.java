/** The slow path: one serial state machine per host that knows neither threads nor channels nor clocks. */
package io.nettoolkit.pool.internal.state;
