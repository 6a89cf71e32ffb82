/** Names, records and messages as they are on the wire. */
package io.nettoolkit.dns.internal.wire;
