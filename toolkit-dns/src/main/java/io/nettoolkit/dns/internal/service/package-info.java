/** Endpoints of a service: where they come from, what changed, and which one is next. */
package io.nettoolkit.dns.internal.service;
