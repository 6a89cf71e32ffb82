/** The hit path: what a connection that is idle costs to take and to give back. */
package io.nettoolkit.pool.internal.hit;
