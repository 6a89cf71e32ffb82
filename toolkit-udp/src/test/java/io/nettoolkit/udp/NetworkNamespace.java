package io.nettoolkit.udp;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another host: a network namespace with a cable to this one, made and removed by a test. Needs root and ip(8). */
final class NetworkNamespace implements AutoCloseable {

    /** One of this process alone: other builds may run beside it. */
    private static final String NETWORK = "10.213." + ProcessHandle.current().pid() % 256;

    static final String OUR_ADDRESS = NETWORK + ".1";
    static final String ITS_ADDRESS = NETWORK + ".2";
    /** On the same cable, and nobody's. */
    static final String NO_ADDRESS = NETWORK + ".3";

    static final String OUR_IPV6 = "fd00:77::1";
    static final String NO_IPV6 = "fd00:77::3";

    private static final String BEHIND_NETWORK =
            "10.214." + ProcessHandle.current().pid() % 256;

    /** Nobody's either, in the narrow network behind the other host. */
    static final String BEHIND_ADDRESS = BEHIND_NETWORK + ".2";

    private final String name = "nettoolkit-" + ProcessHandle.current().pid();
    final String ourInterface = "ntk" + ProcessHandle.current().pid() % 100_000 + "a";
    final String itsInterface = "ntk" + ProcessHandle.current().pid() % 100_000 + "b";

    private NetworkNamespace() {}

    /** The other host; where it cannot be made, the test is skipped and says why. */
    static NetworkNamespace create() throws IOException {
        NetworkNamespace made = new NetworkNamespace();
        String failure = tried("ip", "netns", "add", made.name);
        if (failure != null) {
            System.err.println("not tested between network namespaces: " + failure);
        }
        assumeTrue(failure == null, () -> "needs root and ip(8): " + failure);
        try {
            run("ip", "link", "add", made.ourInterface, "type", "veth", "peer", "name", made.itsInterface);
            run("ip", "link", "set", made.itsInterface, "netns", made.name);
            run("ip", "addr", "add", OUR_ADDRESS + "/24", "dev", made.ourInterface);
            run("ip", "link", "set", made.ourInterface, "up");
            run("ip", "-n", made.name, "addr", "add", ITS_ADDRESS + "/24", "dev", made.itsInterface);
            run("ip", "-n", made.name, "link", "set", made.itsInterface, "up");
            run("ip", "-n", made.name, "link", "set", "lo", "up");
            return made;
        } catch (Throwable failed) {
            made.close();
            throw failed;
        }
    }

    /** A program of the tests on the other host. */
    Process start(Class<?> program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", name));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Gives this host an address of IPv6 on the cable; false, with the reason printed, where there is no IPv6. */
    boolean addIpv6() throws IOException {
        String failure = tried("ip", "-6", "addr", "add", OUR_IPV6 + "/64", "dev", ourInterface, "nodad");
        if (failure != null) {
            System.err.println("not tested with IPv6: " + failure);
        }
        return failure == null;
    }

    /** Loses some of what leaves this host; false, with the reason printed, where the kernel has no netem. */
    boolean lose(int percent) throws IOException {
        String failure = tried(
                "tc", "qdisc", "replace", "dev", ourInterface, "root", "netem", "loss", percent + "%", "seed", "1");
        if (failure != null) {
            failure = tried("tc", "qdisc", "replace", "dev", ourInterface, "root", "netem", "loss", percent + "%");
        }
        if (failure != null) {
            System.err.println("not tested with netem: " + failure);
        }
        return failure == null;
    }

    /** The longest packet that this end of the cable takes. */
    void mtu(int bytes) throws IOException {
        run("ip", "link", "set", ourInterface, "mtu", Integer.toString(bytes));
    }

    /** Makes the other host a router to a network that carries no longer packets than this. */
    void addNarrowNetwork(int mtu) throws IOException {
        run("ip", "-n", name, "link", "add", "narrow", "mtu", Integer.toString(mtu), "type", "veth");
        for (String end : List.of("narrow", "veth0")) {
            run("ip", "-n", name, "link", "set", end, "mtu", Integer.toString(mtu), "up");
        }
        run("ip", "-n", name, "addr", "add", BEHIND_NETWORK + ".1/24", "dev", "narrow");
        run("ip", "-n", name, "neigh", "add", BEHIND_ADDRESS, "lladdr", "02:00:00:00:00:02", "dev", "narrow");
        run("ip", "netns", "exec", name, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
        run("ip", "route", "add", BEHIND_NETWORK + ".0/24", "via", ITS_ADDRESS);
    }

    void unplug() throws IOException {
        run("ip", "link", "set", ourInterface, "down");
    }

    @Override
    public void close() throws IOException {
        // The cable goes with the namespace, or is still here where making it failed.
        tried("ip", "link", "del", ourInterface);
        run("ip", "netns", "del", name);
    }

    private static void run(String... command) throws IOException {
        String failure = tried(command);
        if (failure != null) {
            throw new IOException(failure);
        }
    }

    /** What went wrong; null for nothing. */
    private static String tried(String... command) throws IOException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException missing) {
            return missing.getMessage();
        }
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String text = String.join("; ", out.lines().toList());
            boolean ended = process.waitFor(10, TimeUnit.SECONDS);
            return ended && process.exitValue() == 0 ? null : String.join(" ", command) + ": " + text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return String.join(" ", command) + ": interrupted";
        }
    }
}
