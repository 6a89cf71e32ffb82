/** Pools of many hosts: the cap they share, who gets how much of it, and how hosts come and go. */
package io.nettoolkit.pool.internal.keyed;
