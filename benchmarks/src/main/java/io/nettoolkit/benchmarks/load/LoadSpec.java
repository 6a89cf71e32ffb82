package io.nettoolkit.benchmarks.load;

import java.time.Duration;
import java.util.List;

/**
 * What a load generator does: how many connections, how many messages on each, how large, for how long.
 *
 * <p>In a closed loop ({@code messagesPerSecond} is 0) every connection keeps {@code depth} messages in flight and sends
 * the next one when an answer arrives. In an open loop bursts of {@code depth} messages are due at times fixed in
 * advance, one connection after the other, whatever the server does; latency counts from the time a message was due, so
 * that a stall shows in the tail instead of hiding in a lower rate.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param shape             the connections and messages
 * @param warmUp            time before measuring starts, under full load
 * @param measure           time that is measured
 * @param messagesPerSecond rate of all connections together in an open loop; 0 is a closed loop
 */
public record LoadSpec(Shape shape, Duration warmUp, Duration measure, int messagesPerSecond) {

    /**
     * The form of a load.
     *
     * @param connections  connections held open by the one thread
     * @param depth        messages in flight on each connection (closed loop) or in one burst (open loop)
     * @param payloadBytes bytes of a message after its 4-byte length
     */
    public record Shape(int connections, int depth, int payloadBytes) {

        /** Checks that every number is positive. */
        public Shape {
            requirePositive("connections", connections);
            requirePositive("depth", depth);
            requirePositive("payloadBytes", payloadBytes);
        }

        /** Bytes of a whole frame on the wire, length included. */
        public int frameBytes() {
            return Integer.BYTES + payloadBytes;
        }
    }

    /** Checks that the times are positive and the rate is not negative. */
    public LoadSpec {
        if (warmUp.isNegative()) {
            throw new IllegalArgumentException("warmUp: " + warmUp + " (must not be negative)");
        }
        if (measure.isNegative() || measure.isZero()) {
            throw new IllegalArgumentException("measure: " + measure + " (must be positive)");
        }
        if (messagesPerSecond < 0) {
            throw new IllegalArgumentException("messagesPerSecond: " + messagesPerSecond + " (must not be negative)");
        }
    }

    /** Whether messages are sent on a schedule, and not in answer to answers. */
    public boolean isOpenLoop() {
        return messagesPerSecond > 0;
    }

    /** The arguments by which both generators, Java and C, are told this load. */
    public List<String> toArguments(String host, int port) {
        return List.of(
                host,
                Integer.toString(port),
                Integer.toString(shape.connections),
                Integer.toString(shape.depth),
                Integer.toString(shape.payloadBytes),
                Double.toString(measure.toNanos() / 1e9),
                Double.toString(warmUp.toNanos() / 1e9),
                Integer.toString(messagesPerSecond));
    }

    /** Reads what {@link #toArguments} wrote, from the third argument on. */
    static LoadSpec parse(List<String> arguments) {
        Shape shape = new Shape(
                Integer.parseInt(arguments.get(2)),
                Integer.parseInt(arguments.get(3)),
                Integer.parseInt(arguments.get(4)));
        return new LoadSpec(
                shape,
                arguments.size() > 6 ? seconds(arguments.get(6)) : Duration.ofSeconds(1),
                seconds(arguments.get(5)),
                arguments.size() > 7 ? Integer.parseInt(arguments.get(7)) : 0);
    }

    private static Duration seconds(String text) {
        return Duration.ofNanos((long) (Double.parseDouble(text) * 1e9));
    }

    private static void requirePositive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + " (must be positive)");
        }
    }
}
