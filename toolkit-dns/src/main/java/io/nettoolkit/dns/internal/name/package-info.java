/** Names as callers and files give them: their form, special ones, resolv.conf, hosts, the order of addresses. */
package io.nettoolkit.dns.internal.name;
