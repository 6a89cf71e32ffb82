package io.nettoolkit.examples;

import io.nettoolkit.dns.DnsResolver;
import io.nettoolkit.dns.ServiceDiscovery;
import io.nettoolkit.dns.ServiceEndpoint;
import io.nettoolkit.dns.ServiceWatch;
import io.nettoolkit.testkit.FakeDnsServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/*
 * Run:
 *   java -jar examples/target/examples.jar service-discovery
 *   java -jar examples/target/examples.jar service-discovery _xmpp-client._tcp.example.com
 *   java -jar examples/target/examples.jar service-discovery my-service.my-namespace.svc.cluster.local --port 8080
 * Output:
 *   a.example:5222 priority 10 weight 75 at 192.0.2.1
 *   b.example:5222 priority 10 weight 25 at 192.0.2.2
 *   spare.example:5222 priority 20 weight 0 at 192.0.2.3
 *   of 1000 choices: a.example <n>, b.example <n>
 *   a.example is down: b.example 1000
 *   both are down: spare.example 1000
 *   changed: came [c.example], went [b.example], other weight [a.example]
 *   nothing answers: still a.example, c.example, spare.example
 */

/** Endpoints of a service by priority and weight, marked down, changed, and kept when the servers fail. */
@Command(
        name = "service-discovery",
        description = "Finds the servers of a service, chooses among them, and watches them.",
        mixinStandardHelpOptions = true)
public final class ServiceDiscoveryExample implements Callable<Integer> {

    private static final int CHOICES = 1000;
    private static final String SERVICE = "_chat._tcp.example";

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "SERVICE",
            description = "Name of its SRV records, or a host; none: a demonstration.")
    private @Nullable String service;

    @Option(names = "--port", description = "Take the addresses of the host, with this port.")
    private int port;

    /** Runs the example and ends the JVM with its status, where that is not 0. */
    public static void main(String[] arguments) {
        Examples.run(new ServiceDiscoveryExample(), arguments);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (service == null) {
            demonstrate();
            return 0;
        }
        try (DnsResolver resolver = DnsResolver.builder().build();
                ServiceDiscovery discovery =
                        ServiceDiscovery.builder(resolver, service).port(port).build()) {
            discovery.ready().join().forEach(ServiceDiscoveryExample::print);
        }
        return 0;
    }

    private static void print(ServiceEndpoint endpoint) {
        System.out.println(endpoint.host() + ":" + endpoint.port() + " priority " + endpoint.priority() + " weight "
                + endpoint.weight() + " at " + endpoint.addresses().get(0).getHostAddress());
    }

    /** On a server of its own, so that it needs no network. */
    private static void demonstrate() throws InterruptedException {
        FakeDnsServer dns = FakeDnsServer.start();
        dns.records(
                SERVICE + ". 1 SRV 10 75 5222 a.example.",
                SERVICE + ". 1 SRV 10 25 5222 b.example.",
                SERVICE + ". 1 SRV 20 0 5222 spare.example.",
                "a.example. 60 A 192.0.2.1",
                "b.example. 60 A 192.0.2.2",
                "spare.example. 60 A 192.0.2.3");
        try (DnsResolver resolver = DnsResolver.builder()
                        .nameServers(List.of(dns.address()))
                        .build();
                ServiceDiscovery discovery = ServiceDiscovery.builder(resolver, SERVICE)
                        .minRefresh(Duration.ofMillis(200))
                        .random(new Random(1))
                        .build()) {
            List<ServiceEndpoint> endpoints = discovery.ready().join();
            endpoints.forEach(ServiceDiscoveryExample::print);
            System.out.println("of 1000 choices: " + choices(discovery));
            discovery.markDown(endpoints.get(0));
            System.out.println("a.example is down: " + choices(discovery));
            discovery.markDown(endpoints.get(1));
            System.out.println("both are down: " + choices(discovery));
            discovery.markUp(endpoints.get(0));
            watch(discovery, dns);
        } finally {
            dns.close();
        }
    }

    private static void watch(ServiceDiscovery discovery, FakeDnsServer dns) throws InterruptedException {
        BlockingQueue<ServiceWatch.Change> changes = new LinkedBlockingQueue<>();
        BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
        ServiceWatch.Listener listener = new ServiceWatch.Listener() {
            @Override
            public void onChange(ServiceWatch.Change change) {
                changes.add(change);
            }

            @Override
            public void onFailure(Throwable cause, int count) {
                failures.add(cause);
            }
        };
        ServiceWatch watch = discovery.watch(listener);
        try {
            changes.poll(10, TimeUnit.SECONDS); // what is known already
            dns.clear()
                    .records(
                            SERVICE + ". 1 SRV 10 50 5222 a.example.",
                            SERVICE + ". 1 SRV 10 50 5222 c.example.",
                            SERVICE + ". 1 SRV 20 0 5222 spare.example.",
                            "a.example. 60 A 192.0.2.1",
                            "c.example. 60 A 192.0.2.4",
                            "spare.example. 60 A 192.0.2.3");
            ServiceWatch.Change change = changes.poll(10, TimeUnit.SECONDS);
            if (change == null) {
                throw new IllegalStateException("no change within 10 s");
            }
            System.out.println("changed: came " + hosts(change.added()) + ", went " + hosts(change.removed())
                    + ", other weight " + hosts(change.changed()));
            dns.clear();
            failures.poll(10, TimeUnit.SECONDS);
            System.out.println("nothing answers: still " + String.join(", ", hosts(discovery.endpoints())));
        } finally {
            watch.close();
        }
    }

    private static List<String> hosts(List<ServiceEndpoint> endpoints) {
        return endpoints.stream().map(ServiceEndpoint::host).sorted().toList();
    }

    private static String choices(ServiceDiscovery discovery) {
        Map<String, Integer> chosen = new TreeMap<>();
        for (int i = 0; i < CHOICES; i++) {
            ServiceEndpoint endpoint = discovery.select();
            if (endpoint != null) {
                chosen.merge(endpoint.host(), 1, Integer::sum);
            }
        }
        return String.join(
                ", ",
                chosen.entrySet().stream()
                        .map(each -> each.getKey() + " " + each.getValue())
                        .toList());
    }
}
