/** Messages: queues, fragments, credit, order. */
package io.nettoolkit.udp.internal.delivery;
