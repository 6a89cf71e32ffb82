package io.nettoolkit.benchmarks;

import io.nettoolkit.benchmarks.run.Programs;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.util.Version;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where a run took place: printed before every run and written beside its results.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param facts name and value, in the order of printing
 */
public record Environment(Map<String, String> facts) {

    /** Reads the machine, the JVM and the library versions. */
    public static Environment read() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("cpu", cpu());
        facts.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put("kernel", property("os.name") + " " + property("os.version") + " " + property("os.arch"));
        facts.put(
                "jdk",
                property("java.vm.name") + " " + property("java.vm.version") + " (" + property("java.vendor") + ")");
        facts.put("flags", String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
        facts.put("netty", netty());
        facts.put("transport", Epoll.isAvailable() ? "epoll" : "nio (epoll: " + Epoll.unavailabilityCause() + ")");
        facts.put("default allocator", ByteBufAllocator.DEFAULT.getClass().getSimpleName());
        facts.put("load average", loadAverage());
        facts.put("gcc", Programs.output("gcc", "-dumpfullversion").orElse("none"));
        facts.put("go", Programs.output("go", "version").orElse("none"));
        facts.put("commit", commit());
        return new Environment(facts);
    }

    /** One line per fact. */
    @Override
    public String toString() {
        return facts.entrySet().stream()
                .map(fact -> String.format("%-18s %s%n", fact.getKey(), fact.getValue()))
                .collect(Collectors.joining());
    }

    /** The same as a JSON object. */
    public String toJson() {
        return facts.entrySet().stream()
                .map(fact -> "  " + quote(fact.getKey()) + ": " + quote(fact.getValue()))
                .collect(Collectors.joining(",\n", "{\n", "\n}\n"));
    }

    private static String cpu() {
        return Programs.lineOf(Path.of("/proc/cpuinfo"), "model name")
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse(property("os.arch"));
    }

    private static String netty() {
        Version common = Version.identify().get("netty-common");
        return common == null ? "unknown" : common.artifactVersion();
    }

    /** The kernel's own three figures where there are any, because a busy machine shows in them. */
    private static String loadAverage() {
        return Programs.lineOf(Path.of("/proc/loadavg"), "")
                .map(line -> line.replaceAll("^(\\S+ \\S+ \\S+).*", "$1"))
                .orElseGet(() -> Double.toString(
                        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
    }

    private static String commit() {
        return Programs.output("git", "rev-parse", "--short=12", "HEAD")
                .map(commit -> Programs.output("git", "status", "--porcelain", "--untracked-files=no")
                        .filter(changes -> !changes.isEmpty())
                        .map(changes -> commit + " with uncommitted changes")
                        .orElse(commit))
                .orElse("unknown");
    }

    private static String property(String name) {
        return System.getProperty(name, "?");
    }

    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
