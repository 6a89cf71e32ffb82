/** How a pool is put together: the hit path, the pool of one host, and the seam to a pool of many hosts. */
package io.nettoolkit.pool.internal;
