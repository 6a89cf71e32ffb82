/** Rate limits that many processes share through a Redis server, over the client Lettuce, which the user brings along. */
package io.nettoolkit.resilience.redis;
