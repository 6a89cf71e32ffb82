package io.nettoolkit.benchmarks.echo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;

/**
 * One contestant as a process of its own: prints {@code ready PORT}, then obeys lines on its standard input.
 *
 * <p>{@code heap} runs a full collection and prints {@code heap BYTES}, the live heap. It ends when its standard input
 * does, so that no server outlives the run that started it.
 */
public final class EchoServerMain {

    private static final int COLLECTIONS = 3;

    private EchoServerMain() {}

    /** Runs the contestant named by the only argument. */
    public static void main(String[] arguments) throws IOException {
        EchoServer server = Contestant.of(arguments[0]).start();
        System.out.println("ready " + server.port());
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            if (line.equals("heap")) {
                System.out.println("heap " + liveHeapBytes());
            }
        }
        System.exit(0);
    }

    /** Several collections, because the first one only makes references that later ones clear. */
    private static long liveHeapBytes() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
