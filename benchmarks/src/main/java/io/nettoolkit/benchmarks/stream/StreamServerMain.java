package io.nettoolkit.benchmarks.stream;

import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;

/** A contestant's server on one loop, until its input ends. Prints its port. */
public final class StreamServerMain {

    /** What a line with the port begins with. */
    public static final String READY = "ready ";

    private StreamServerMain() {}

    /** Argument: the contestant. */
    public static void main(String[] arguments) throws Exception {
        StreamContestant contestant = StreamContestant.valueOf(arguments[0]);
        Channel server = contestant.bind(StreamSink::new);
        System.out.println(READY + ((InetSocketAddress) server.localAddress()).getPort());
        waitForEnd();
        System.exit(0);
    }

    private static void waitForEnd() throws IOException {
        while (System.in.read() >= 0) {
            // Nobody has anything to say.
        }
    }
}
