package io.nettoolkit.benchmarks.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which core the server runs on and which the load generator; pinning needs {@code taskset} and two cores.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param server    core of the server, or -1 where nothing is pinned
 * @param generator core of the load generator, or -1 where nothing is pinned
 */
public record Cores(int server, int generator) {

    /** Nothing is pinned. */
    public static final Cores UNPINNED = new Cores(-1, -1);

    /** The last two cores this process may use, because the first one usually serves the machine's interrupts. */
    public static Cores choose() {
        List<Integer> allowed = allowed();
        if (Programs.find("taskset").isEmpty() || allowed.size() < 2) {
            return UNPINNED;
        }
        return new Cores(allowed.get(allowed.size() - 1), allowed.get(allowed.size() - 2));
    }

    /** All that this process may use but the generator's; none where nothing is pinned. */
    List<Integer> othersThanGenerator() {
        return generator < 0
                ? List.of()
                : allowed().stream().filter(core -> core != generator).toList();
    }

    /** {@code command} on {@code core}, or as it is where {@code core} is negative. */
    static List<String> pin(int core, List<String> command) {
        return pin(core < 0 ? List.of() : List.of(core), command);
    }

    /** {@code command} on these cores, or as it is where there are none. */
    static List<String> pin(List<Integer> cores, List<String> command) {
        if (cores.isEmpty()) {
            return command;
        }
        String list = cores.stream().map(String::valueOf).collect(Collectors.joining(","));
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", list));
        pinned.addAll(command);
        return pinned;
    }

    private static List<Integer> allowed() {
        List<Integer> cores = new ArrayList<>();
        Optional<String> line = Programs.lineOf(Path.of("/proc/self/status"), "Cpus_allowed_list:");
        if (line.isEmpty()) {
            return cores;
        }
        for (String range :
                line.get().substring(line.get().indexOf(':') + 1).strip().split(",", -1)) {
            String[] ends = range.split("-", -1);
            for (int core = Integer.parseInt(ends[0]); core <= Integer.parseInt(ends[ends.length - 1]); core++) {
                cores.add(core);
            }
        }
        return cores;
    }

    @Override
    public String toString() {
        return server < 0
                ? "none (needs taskset and two cores): expect noise"
                : "server on core " + server + ", generator on core " + generator;
    }
}
