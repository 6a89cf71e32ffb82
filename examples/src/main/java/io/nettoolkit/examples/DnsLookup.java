package io.nettoolkit.examples;

import io.nettoolkit.core.Endpoint;
import io.nettoolkit.core.NetFailure;
import io.nettoolkit.core.TlsConfig;
import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsException;
import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.DnsType;
import io.nettoolkit.testkit.FakeDnsServer;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/*
 * Run:
 *   java -jar examples/target/examples.jar dns-lookup
 *   java -jar examples/target/examples.jar dns-lookup example.com MX
 *   java -jar examples/target/examples.jar dns-lookup example.com --server 1.1.1.1:853 --dot
 * Output:
 *   dns-lookup www.example.com A
 *   www.example.com. 60 CNAME example.com.
 *   example.com. 300 A 192.0.2.1
 *   example.com. 300 A 192.0.2.2
 *   dns-lookup example.com MX
 *   example.com. 300 MX 10 mail.example.com.
 *   dns-lookup example.com TXT
 *   example.com. 300 TXT "v=spf1 mx -all"
 *   dns-lookup missing.example.com A
 *   missing.example.com. does not exist
 *   dns-lookup mail.example.com MX
 *   mail.example.com. has no MX
 */

/** Looks up one name and type, and prints the records as a zone file would have them. */
@Command(
        name = "dns-lookup",
        description = "Looks up records of any type over UDP, TCP or TLS.",
        mixinStandardHelpOptions = true,
        exitCodeOnExecutionException = 2)
public final class DnsLookup implements Callable<Integer> {

    private static final int ANSWERS = 0;
    private static final int NOTHING = 1;
    private static final int FAILURE = 2;
    private static final int DNS_PORT = 53;
    private static final int DOT_PORT = 853;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "NAME",
            description = "What to look up; none: a demonstration.")
    private @Nullable String name;

    @Parameters(index = "1", arity = "0..1", paramLabel = "TYPE", description = "Type of the records. Default: A.")
    private String type = "A";

    @Option(names = "--server", paramLabel = "HOST[:PORT]", description = "Address to ask. Default: the system's.")
    private @Nullable String server;

    @Option(names = "--tcp", description = "Ask over TCP.")
    private boolean tcp;

    @Option(names = "--dot", description = "Ask over TLS.")
    private boolean dot;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new DnsLookup(), arguments);
    }

    @Override
    public Integer call() {
        if (name == null) {
            return demonstrate();
        }
        try (DnsResolver resolver = resolver(server == null ? null : address(server))) {
            return lookUp(resolver, name, type);
        }
    }

    private InetSocketAddress address(String text) {
        int port = dot ? DOT_PORT : DNS_PORT;
        boolean bareIpv6 = text.indexOf(':') != text.lastIndexOf(':') && !text.startsWith("[");
        boolean hasPort = !bareIpv6 && text.lastIndexOf(':') > text.lastIndexOf(']');
        Endpoint endpoint = hasPort ? Endpoint.parse(text) : Endpoint.of(text.replaceAll("[\\[\\]]", ""), port);
        InetSocketAddress address = (InetSocketAddress) endpoint.toSocketAddress();
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("--server: " + text + " (must be an IP address, not a name)");
        }
        return address;
    }

    private DnsResolver resolver(@Nullable InetSocketAddress address) {
        DnsResolver.Builder builder = DnsResolver.builder();
        if (address != null) {
            builder.nameServers(List.of(address));
        }
        if (dot) {
            builder.tls(TlsConfig.client().build());
        } else if (tcp) {
            builder.protocol(DnsResolver.Protocol.TCP);
        }
        return builder.build();
    }

    private static int lookUp(DnsResolver resolver, String name, String type) {
        DnsType<?> wanted = DnsType.parse(type);
        try {
            DnsAnswer<?> answer = resolver.query(name, wanted).join();
            answer.aliases().forEach(System.out::println);
            answer.records().forEach(System.out::println);
            return switch (answer.kind()) {
                case ANSWER -> ANSWERS;
                case NODATA -> nothing(name, "has no " + wanted);
                case NXDOMAIN -> nothing(name, "does not exist");
            };
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof DnsException failure
                    && failure.kind() == NetFailure.Kind.DNS_NO_SUCH_NAME) {
                return nothing(name, "does not exist");
            }
            System.err.println(
                    failed.getCause() == null
                            ? failed.getMessage()
                            : failed.getCause().getMessage());
            return FAILURE;
        }
    }

    private static int nothing(String name, String what) {
        System.out.println((name.endsWith(".") ? name : name + ".") + " " + what);
        return NOTHING;
    }

    /** On a server of its own, so that it needs no network. */
    private static int demonstrate() {
        try (FakeDnsServer dns = FakeDnsServer.start()) {
            dns.records(
                    "example.com. 300 SOA ns.example.com. admin.example.com. 1 7200 3600 86400 60",
                    "example.com. 300 A 192.0.2.1",
                    "example.com. 300 A 192.0.2.2",
                    "example.com. 300 MX 10 mail.example.com.",
                    "example.com. 300 TXT \"v=spf1 mx -all\"",
                    "mail.example.com. 300 A 192.0.2.25",
                    "www.example.com. 60 CNAME example.com.");
            try (DnsResolver resolver =
                    DnsResolver.builder().nameServers(List.of(dns.address())).build()) {
                for (String question : List.of(
                        "www.example.com A",
                        "example.com MX",
                        "example.com TXT",
                        "missing.example.com A",
                        "mail.example.com MX")) {
                    System.out.println("dns-lookup " + question);
                    String[] words = question.split(" ", 2);
                    lookUp(resolver, words[0], words[1]);
                }
            }
        }
        return 0;
    }
}
