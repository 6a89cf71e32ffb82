/** Tools for testing network code: virtual time, a bad network, a faulty proxy, streams cut everywhere, leak checks. */
package io.nettoolkit.testkit;
