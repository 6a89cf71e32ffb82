package io.nettoolkit.benchmarks.run;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.nettoolkit.benchmarks.Environment;
import io.nettoolkit.core.TimeSource;
import io.nettoolkit.resilience.DistributedRateLimiter;
import io.nettoolkit.resilience.DistributedRateLimiter.Outage;
import io.nettoolkit.resilience.TokenStore;
import io.nettoolkit.resilience.redis.RedisTokenStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code redis-limit}: decisions about one hot key of a real Redis, and how long they take while it comes and goes. */
@Command(
        name = "redis-limit",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Decisions a second on one hot key in Redis, and their latency while it is killed and restarted.")
public final class RedisLimitCommand implements Runnable {

    /** Far above what can be decided, so that every decision is a grant. */
    private static final long PERMITS = 1_000_000_000;

    private static final long MAX_LEASE = PERMITS / 4;
    private static final int EXACT_TARGET = 20_000;
    private static final int LEASED_TARGET = 200_000;
    private static final String CSV_HEADER = "what,round,decisions_per_second,decisions_per_call";

    @Option(names = "--callers", paramLabel = "N", description = "Callers that wait for a decision each. Default: 256.")
    private int callers = 256;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that ask without waiting. Default: 1.")
    private int threads = 1;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: 9.")
    private int rounds = 9;

    @Option(names = "--measure", paramLabel = "S", description = "Seconds of each measurement. Default: 1.")
    private double measure = 1;

    @Option(names = "--rate", paramLabel = "N", description = "Decisions a second in the outage. Default: 1000.")
    private int rate = 1_000;

    @Option(names = "--out", paramLabel = "DIR", description = "Also write report.md, env.json and raw.csv there.")
    private @Nullable Path out;

    @Override
    public void run() {
        if (Programs.find(RedisProcess.PROGRAM).isEmpty()) {
            System.out.println("redis-limit: skipped, no " + RedisProcess.PROGRAM + " on the PATH");
            return;
        }
        Environment environment = Environment.read();
        String head = "# Rate limit in Redis\n\n```\n" + environment
                + line(
                        "redis",
                        Programs.output(RedisProcess.PROGRAM, "--version").orElse("?"))
                + line("callers", callers + " waiting ones, " + threads + " that do not wait")
                + line("rounds", rounds + " of " + measure + " s") + "```\n\n";
        System.out.print(head);
        ClientResources resources = ClientResources.builder()
                .reconnectDelay(Delay.constant(Duration.ofMillis(50)))
                .build();
        List<String> csv = new ArrayList<>(List.of(CSV_HEADER));
        String report;
        try (RedisProcess redis = new RedisProcess()) {
            RedisClient client = RedisClient.create(resources, RedisURI.create("127.0.0.1", redis.port()));
            client.setOptions(ClientOptions.builder()
                    .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                    .build());
            TokenStore store = RedisTokenStore.of(client.connect().async());
            report = rates(store, csv) + "\n" + new LimitOutage(redis, limiter(store, "outage", 0), rate).table();
            client.shutdown();
        } finally {
            resources.shutdown().syncUninterruptibly();
        }
        System.out.print(report);
        if (out != null) {
            ReportDirectory.write(out, head + report, environment, csv);
        }
    }

    private static String line(String name, String value) {
        return String.format("%-18s %s%n", name, value);
    }

    private static DistributedRateLimiter limiter(TokenStore store, String key, long maxLease) {
        DistributedRateLimiter.Builder builder =
                DistributedRateLimiter.builder(store, key, PERMITS, Duration.ofSeconds(1), Outage.localShare(1));
        if (maxLease > 0) {
            builder.leased(maxLease);
        }
        return builder.build();
    }

    private String rates(TokenStore store, List<String> csv) {
        DistributedRateLimiter exact = limiter(store, "exact", 0);
        DistributedRateLimiter leased = limiter(store, "leased", MAX_LEASE);
        DistributedRateLimiter now = limiter(store, "now", MAX_LEASE);
        LimitLoad load = new LimitLoad(TimeSource.system(), Duration.ofNanos((long) (measure * 1e9)));
        for (int warmUp = 0; warmUp < 3; warmUp++) {
            load.waiting(exact, callers);
            load.waiting(leased, callers);
            load.asking(now, threads);
        }
        List<List<LimitLoad.Rate>> measured = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int round = 0; round < rounds; round++) {
            measured.get(0).add(load.waiting(exact, callers));
            measured.get(1).add(load.waiting(leased, callers));
            measured.get(2).add(load.asking(now, threads));
        }
        Table table = new Table("decisions", "a second", "95 %", "for a call of Redis", "target", "verdict");
        row(table, csv, "exact, future", measured.get(0), EXACT_TARGET);
        row(table, csv, "leased, future", measured.get(1), LEASED_TARGET);
        row(table, csv, "leased, tryAcquireNow", measured.get(2), LEASED_TARGET);
        return "One hot key, one process:\n\n" + table;
    }

    private static void row(Table table, List<String> csv, String what, List<LimitLoad.Rate> rates, int target) {
        for (int round = 0; round < rates.size(); round++) {
            LimitLoad.Rate rate = rates.get(round);
            csv.add(String.format(
                    Locale.ROOT, "%s,%d,%.0f,%.1f", what.replace(",", ""), round, rate.perSecond(), rate.perCall()));
        }
        Interval perSecond = Interval.of(
                rates.stream().mapToDouble(LimitLoad.Rate::perSecond).toArray());
        Interval perCall =
                Interval.of(rates.stream().mapToDouble(LimitLoad.Rate::perCall).toArray());
        table.row(
                what,
                String.format(Locale.ROOT, "%,.0f", perSecond.median()),
                String.format(Locale.ROOT, "[%,.0f, %,.0f]", perSecond.low(), perSecond.high()),
                String.format(Locale.ROOT, "%,.1f", perCall.median()),
                String.format(Locale.ROOT, ">= %,d", target),
                verdict(perSecond, target).toString());
    }

    /** Of a rate against a figure that is not measured: it is enough that the whole interval is on one side. */
    private static Verdict verdict(Interval perSecond, int target) {
        if (perSecond.isConfident() && perSecond.low() >= target) {
            return Verdict.HOLDS;
        }
        return perSecond.isConfident() && perSecond.high() < target ? Verdict.MISSED : Verdict.NOT_DECIDABLE;
    }
}
