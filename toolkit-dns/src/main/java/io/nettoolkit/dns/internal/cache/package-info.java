/** Answers that are kept: which, how long, how many, and how they get to a file and back. */
package io.nettoolkit.dns.internal.cache;
