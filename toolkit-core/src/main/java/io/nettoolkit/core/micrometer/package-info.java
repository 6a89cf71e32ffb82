/**
 * Connections and event loops as Micrometer meters. Needs {@code io.micrometer:micrometer-core}, which the core does not
 * bring along.
 */
package io.nettoolkit.core.micrometer;
