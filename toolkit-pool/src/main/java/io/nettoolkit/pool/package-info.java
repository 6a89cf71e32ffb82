/** Connection pools for one host and for many. */
package io.nettoolkit.pool;
