package io.nettoolkit.examples;

import io.nettoolkit.core.Endpoint;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * All examples as one program: {@code java -jar examples/target/examples.jar --list}, then {@code NAME [options]}.
 *
 * <p>Each example also has a {@code main} of its own and needs nothing of the others.
 */
@Command(
        name = "examples",
        description = "Runs one of the examples.",
        mixinStandardHelpOptions = true,
        subcommands = {
            Demo.class,
            TcpEcho.class,
            TcpChat.class,
            TlsReload.class,
            UdpEcho.class,
            UdpMulticast.class,
            ReliableUdp.class,
            RudpFile.class,
            RudpBulk.class,
            ConnectionPoolExample.class,
            KeyedPoolExample.class,
            HealthCheckExample.class,
            CircuitBreakerExample.class,
            RateLimit.class,
            KeyedRateLimit.class,
            DistributedRateLimit.class,
            RetryExample.class,
            BulkheadExample.class,
            LoadShedding.class,
            PipelineExample.class,
            DnsLookup.class,
            DnsTimeout.class,
            DnsCacheExample.class,
            ServiceDiscoveryExample.class
        })
public final class Examples implements Runnable {

    @Option(names = "--list", description = "Print every example with a line about it.")
    private boolean list;

    @Spec
    private @Nullable CommandSpec spec;

    /** Runs what the arguments name and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        run(new Examples(), arguments);
    }

    /** Runs a command; what it throws is printed in one line. */
    static void run(Object command, String... arguments) {
        int status = new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Endpoint.class, Endpoint::parse)
                .setExecutionExceptionHandler((thrown, failed, parsed) -> {
                    Throwable cause = thrown.getCause();
                    Throwable failure = thrown instanceof CompletionException && cause != null ? cause : thrown;
                    System.err.println(failed.getCommandName() + ": "
                            + (failure instanceof NullPointerException ? failure : failure.getMessage()));
                    return failed.getCommandSpec().exitCodeOnExecutionException();
                })
                .execute(arguments);
        // Not after a success: the demo may run within Maven's JVM, which has more to do.
        if (status != 0) {
            System.exit(status);
        }
    }

    @Override
    public void run() {
        CommandLine self = Objects.requireNonNull(spec, "set by picocli").commandLine();
        if (!list) {
            self.usage(System.out);
            return;
        }
        self.getSubcommands().forEach((name, example) -> {
            String description = example.getCommandSpec().usageMessage().description()[0];
            System.out.printf(Locale.ROOT, "%-24s%s%n", name, description);
        });
    }
}
