/** Tools for testing network code: virtual time, a faulty proxy, streams cut everywhere, leak checks. */
package io.nettoolkit.testkit;
