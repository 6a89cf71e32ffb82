package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.echo.Contestant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that every socket run has: who takes part, with which JVM flags, on which cores. */
final class ServerOptions {

    @Option(
            names = "--contestants",
            split = ",",
            paramLabel = "NAME",
            description = "Who takes part, separated by commas; see --list. Default: all.")
    private List<String> contestants = List.of();

    @Option(
            names = "--server-flag",
            paramLabel = "FLAG",
            description = "One more JVM flag for every Java server; may be repeated.")
    private List<String> extraFlags = List.of();

    @Option(names = "--server-core", paramLabel = "CORE", description = "Core of the server. Default: the last one.")
    private @Nullable Integer serverCore;

    @Option(
            names = "--generator-core",
            paramLabel = "CORE",
            description = "Core of the load generator. Default: the last but one.")
    private @Nullable Integer generatorCore;

    List<Contestant> contestants(List<Contestant> all) {
        return contestants.isEmpty()
                ? all
                : contestants.stream().map(Contestant::of).collect(Collectors.toList());
    }

    /** {@code base} and what was asked for, and what recent JDKs want before they let Netty use native memory. */
    List<String> flags(String... base) {
        List<String> flags = new ArrayList<>(Arrays.asList(base));
        if (Runtime.version().feature() >= 24) {
            flags.add("--enable-native-access=ALL-UNNAMED");
            flags.add("--sun-misc-unsafe-memory-access=allow");
        }
        flags.addAll(extraFlags);
        return flags;
    }

    Cores cores() {
        Cores chosen = Cores.choose();
        return new Cores(
                serverCore == null ? chosen.server() : serverCore,
                generatorCore == null ? chosen.generator() : generatorCore);
    }
}
