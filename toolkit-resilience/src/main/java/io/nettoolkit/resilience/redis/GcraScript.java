package io.nettoolkit.resilience.redis;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/*
 * The whole decision in one script on one key, so that it is one atomic step and one round trip, and works on a cluster,
 * where a script may only touch keys of one slot.
 *
 * The bucket is the debt it is in: a permit costs `period` units, of which `permits` are paid back in each microsecond. The
 * value of the key is when the debt will be paid, in microseconds, and the units left over then. A full bucket is no key: it
 * expires when it is full. Redis' numbers in Lua are doubles; the limits that are let through keep every one of these below
 * 2^53, where integers and their quotients are exact.
 *
 * A call for nothing, which asks whether the store is there, sets the life of the key to what it is: that changes nothing,
 * and fails where a grant would. A replica that has not been promoted would answer a mere reading.
 *
 * The time is the server's, so the clocks of the processes do not matter. Where it was set back (after a failover) at most a
 * whole bucket is owed.
 */

/** The script, and what Redis calls it once it has seen it. */
final class GcraScript {

    static final String TEXT = """
            local permits = tonumber(ARGV[1])
            local period = tonumber(ARGV[2])
            local full = tonumber(ARGV[3]) * period
            local price = tonumber(ARGV[4]) * period
            local count = tonumber(ARGV[5])
            local time = redis.call('TIME')
            local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
            local debt = 0
            local held = redis.call('GET', KEYS[1])
            if held then
              local paid, rest = string.match(held, '^(%d+) (%d+)$')
              if paid and tonumber(paid) >= now then
                local ahead = math.min(tonumber(paid) - now, math.floor(full / permits) + 1)
                debt = math.min(full, ahead * permits + math.min(tonumber(rest), permits - 1))
              end
            end
            local granted = math.min(count, math.floor((full - debt) / price))
            local after = debt + granted * price
            local rest = after % permits
            local ahead = (after - rest) / permits
            local life = string.format('%.0f', math.ceil((ahead + 1) / 1000))
            if granted > 0 then
              redis.call('SET', KEYS[1], string.format('%.0f %.0f', now + ahead, rest), 'PX', life)
            elseif count == 0 then
              redis.call('PEXPIRE', KEYS[1], life)
            end
            local left = full - after
            local retry = 0
            if granted < count then
              retry = math.ceil((price - left) / permits)
            end
            return {granted, math.floor(left / period), retry, math.ceil(after / permits)}
            """;

    static final String SHA1 = sha1(TEXT);

    private GcraScript() {}

    private static String sha1(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }
}
