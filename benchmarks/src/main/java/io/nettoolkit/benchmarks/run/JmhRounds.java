package io.nettoolkit.benchmarks.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What JMH measured in several rounds, and the ratios within them.
 *
 * <p><b>Threading.</b> One thread.
 */
final class JmhRounds {

    private static final String ALLOCATION = "gc.alloc.rate.norm";

    private final String base;

    /** By group, then contestant: the scores of its rounds. */
    private final Map<String, Map<String, List<Score>>> groups = new TreeMap<>();

    /** One contestant's result in one round. */
    record Score(int round, double value, String unit, double bytes) {}

    JmhRounds(String base) {
        this.base = base;
    }

    void add(int round, Iterable<RunResult> results) {
        for (RunResult result : results) {
            BenchmarkParams params = result.getParams();
            Result<?> primary = result.getPrimaryResult();
            Result<?> bytes = result.getSecondaryResults().get(ALLOCATION);
            add(
                    group(params),
                    params.getBenchmark().substring(params.getBenchmark().lastIndexOf('.') + 1),
                    new Score(round, primary.getScore(), primary.getScoreUnit(), bytes == null ? 0 : bytes.getScore()));
        }
    }

    void add(String group, String contestant, Score score) {
        groups.computeIfAbsent(group, key -> new TreeMap<>())
                .computeIfAbsent(contestant, key -> new ArrayList<>())
                .add(score);
    }

    private static String group(BenchmarkParams params) {
        String type = params.getBenchmark().substring(0, params.getBenchmark().lastIndexOf('.'));
        String others = params.getParamsKeys().stream()
                .map(key -> ", " + key + " " + params.getParam(key))
                .collect(Collectors.joining());
        int threads = params.getThreads();
        return type.substring(type.lastIndexOf('.') + 1) + ", " + threads + (threads == 1 ? " thread" : " threads")
                + others;
    }

    /** A table for each group. */
    String report() {
        StringBuilder report = new StringBuilder();
        groups.forEach((group, contestants) -> report.append("## ")
                .append(group)
                .append("\n\n")
                .append(table(contestants))
                .append('\n'));
        return report.toString();
    }

    private String table(Map<String, List<Score>> contestants) {
        String unit = contestants.values().iterator().next().get(0).unit();
        Table table = new Table("contestant", unit, "B/op", "ratio to " + base);
        contestants.forEach((contestant, scores) -> table.row(
                contestant,
                Interval.of(scores.stream().mapToDouble(Score::value).toArray()).toString(),
                String.format(
                        Locale.ROOT,
                        "%.1f",
                        Interval.of(scores.stream().mapToDouble(Score::bytes).toArray())
                                .median()),
                ratio(scores, contestants.getOrDefault(base, List.of()))));
        return table.toString();
    }

    private static String ratio(List<Score> scores, List<Score> bases) {
        double[] ratios = scores.stream()
                .flatMapToDouble(score -> bases.stream()
                        .filter(other -> other.round() == score.round())
                        .mapToDouble(other -> score.value() / other.value()))
                .toArray();
        return ratios.length == 0 ? "" : Interval.of(ratios).toString();
    }

    /** Every score, a line each. */
    List<String> csv() {
        List<String> lines = new ArrayList<>(List.of("group,contestant,round,score,unit,bytes_per_op"));
        groups.forEach((group, contestants) ->
                contestants.forEach((contestant, scores) -> scores.forEach(score -> lines.add(String.format(
                        Locale.ROOT,
                        "\"%s\",%s,%d,%.3f,%s,%.3f",
                        group,
                        contestant,
                        score.round(),
                        score.value(),
                        score.unit(),
                        score.bytes())))));
        return lines;
    }
}
