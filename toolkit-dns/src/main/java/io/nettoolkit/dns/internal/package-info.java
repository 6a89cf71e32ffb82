/** What holds the parts together. */
package io.nettoolkit.dns.internal;
