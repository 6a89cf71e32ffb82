package io.nettoolkit.dns.internal.query;

import io.nettoolkit.dns.DnsException;

/** Where the outcome goes of a query that is only to show whether a server is back: it tells the server's health, nobody else. */
enum Probe implements Upstream.Outcome {
    NOBODY_WAITS;

    @Override
    public void onResponse(Response response) {}

    @Override
    public void onFailure(DnsException failure) {}
}
