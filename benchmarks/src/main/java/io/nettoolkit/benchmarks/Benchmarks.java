package io.nettoolkit.benchmarks;

import io.nettoolkit.benchmarks.dns.QueryContestant;
import io.nettoolkit.benchmarks.echo.Contestant;
import io.nettoolkit.benchmarks.pool.EchoCalls;
import io.nettoolkit.benchmarks.pool.StormpotTaps;
import io.nettoolkit.benchmarks.run.DnsOutageCommand;
import io.nettoolkit.benchmarks.run.DnsQpsCommand;
import io.nettoolkit.benchmarks.run.IdleConnectionsCommand;
import io.nettoolkit.benchmarks.run.JmhRoundsCommand;
import io.nettoolkit.benchmarks.run.NativePrograms;
import io.nettoolkit.benchmarks.run.PoolEchoCommand;
import io.nettoolkit.benchmarks.run.Programs;
import io.nettoolkit.benchmarks.run.RedisLimitCommand;
import io.nettoolkit.benchmarks.run.RudpBulkCommand;
import io.nettoolkit.benchmarks.run.RudpEchoCommand;
import io.nettoolkit.benchmarks.run.TcpEchoCommand;
import io.nettoolkit.benchmarks.stream.StreamContestant;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The benchmark suite as one program: {@code java -jar benchmarks.jar --list}.
 *
 * <p>Every run prints where it takes place before it starts. Results go to standard output, progress to standard error.
 */
@Command(
        name = "benchmarks",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel =
                "jmh|jmh-rounds|tcp-echo|idle-connections|redis-limit|pool-echo|dns-qps|rudp-bulk|rudp-echo",
        description = "Benchmarks of Net Toolkit and its peers.")
public final class Benchmarks implements Runnable {

    @Option(names = "--list", description = "Print what can be run.")
    private boolean list;

    /** Runs what the arguments ask for and ends the JVM with its status. */
    public static void main(String[] arguments) {
        System.exit(commands().execute(arguments));
    }

    private static CommandLine commands() {
        return new CommandLine(new Benchmarks())
                .addSubcommand(new CommandLine(new JmhCommand())
                        .setStopAtPositional(true)
                        .setUnmatchedOptionsArePositionalParams(true))
                .addSubcommand(new JmhRoundsCommand())
                .addSubcommand(new TcpEchoCommand())
                .addSubcommand(new IdleConnectionsCommand())
                .addSubcommand(new RedisLimitCommand())
                .addSubcommand(new PoolEchoCommand())
                .addSubcommand(new DnsQpsCommand())
                .addSubcommand(new DnsOutageCommand())
                .addSubcommand(new RudpBulkCommand())
                .addSubcommand(new RudpEchoCommand())
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    boolean misuse = failure instanceof IllegalArgumentException;
                    System.err.println(misuse ? failure.getMessage() : failure);
                    return misuse ? command.getCommandSpec().exitCodeOnInvalidInput() : 1;
                });
    }

    @Override
    public void run() {
        if (!list) {
            CommandLine.usage(this, System.out);
            return;
        }
        System.out.println("jmh, jmh-rounds");
        BenchmarkList.defaultList()
                .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
                .forEach(benchmark -> System.out.println("  " + benchmark.getUsername()));
        if (StormpotTaps.SKIPPED != null) {
            System.out.println("  (" + StormpotTaps.SKIPPED + ")");
        }
        System.out.println("tcp-echo, idle-connections");
        for (Contestant contestant : Contestant.values()) {
            boolean skipped = contestant == Contestant.GO && Programs.find("go").isEmpty();
            System.out.println("  " + contestant + (skipped ? " (skipped: " + NativePrograms.NO_GO + ")" : ""));
        }
        System.out.println("redis-limit");
        System.out.println("pool-echo");
        for (EchoCalls.Contestant contestant : EchoCalls.Contestant.values()) {
            System.out.println("  " + contestant);
        }
        System.out.println("dns-qps");
        for (QueryContestant contestant : QueryContestant.values()) {
            System.out.println("  " + contestant);
        }
        System.out.println("rudp-bulk, rudp-echo");
        for (StreamContestant contestant : StreamContestant.values()) {
            System.out.println("  " + contestant);
        }
        System.out.println("loads of tcp-echo");
        TcpEchoCommand.loads().forEach(load -> System.out.println("  " + load));
    }

    @Command(name = "jmh", description = "Runs JMH with the given arguments; -h prints its own help.")
    private static final class JmhCommand implements Runnable {

        @Parameters(arity = "0..*", paramLabel = "ARGUMENT", description = "JMH arguments.")
        private String[] arguments = {};

        @Override
        public void run() {
            System.out.print(Environment.read());
            try {
                org.openjdk.jmh.Main.main(arguments);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
