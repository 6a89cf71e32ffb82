package io.nettoolkit.dns.internal.lookup;

import io.nettoolkit.core.TimeSource;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/**
 * What lookups are told besides the cache's rules.
 *
 * @param names what this host knows by itself
 * @param order puts addresses into the order in which to try them
 * @param isReachable whether this host has a way to one of some addresses
 * @param privateAddresses which answers may have some
 * @param queryTimeout how long a question may be on its way
 * @param random spreads what would come all at once; any thread uses it
 * @param name of the resolver, for refusals
 * @param time the resolver's clock
 */
public record LookupOptions(
        OwnNames names,
        UnaryOperator<List<InetAddress>> order,
        Predicate<List<InetAddress>> isReachable,
        PrivateAddresses privateAddresses,
        Duration queryTimeout,
        RandomGenerator random,
        String name,
        TimeSource time) {}
