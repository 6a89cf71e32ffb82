/** What the other modules stand on: event loops, time, addresses, TLS, errors and connection events. */
package io.nettoolkit.core;
