package io.nettoolkit.benchmarks.run;

import io.nettoolkit.benchmarks.load.LoadSpec.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A load with a name: the three that the project has targets for, or any other as {@code CONNECTIONSxDEPTHxBYTES}.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param name  how it is asked for and shown
 * @param shape connections and messages
 */
record EchoPreset(String name, Shape shape) {

    static final EchoPreset SMALL_PIPELINED = new EchoPreset("small-pipelined", new Shape(50, 32, 64));
    static final EchoPreset KIB_PIPELINED = new EchoPreset("kib-pipelined", new Shape(50, 16, 1024));
    static final EchoPreset SMALL_SINGLE = new EchoPreset("small-single", new Shape(50, 1, 64));

    /** The loads of the targets, in the order of reports. */
    static final List<EchoPreset> ALL = List.of(SMALL_PIPELINED, KIB_PIPELINED, SMALL_SINGLE);

    static EchoPreset of(String text) {
        for (EchoPreset preset : ALL) {
            if (preset.name.equals(text)) {
                return preset;
            }
        }
        if (!text.matches("\\d+x\\d+x\\d+")) {
            throw new IllegalArgumentException(
                    "load: " + text + " (must be one of " + names() + " or CONNECTIONSxDEPTHxBYTES)");
        }
        int[] numbers =
                Arrays.stream(text.split("x", -1)).mapToInt(Integer::parseInt).toArray();
        return new EchoPreset(text, new Shape(numbers[0], numbers[1], numbers[2]));
    }

    static List<String> names() {
        return ALL.stream().map(EchoPreset::name).collect(Collectors.toList());
    }

    /** The load in words. */
    String describe() {
        return name + ": " + shape.payloadBytes() + " B, " + shape.connections() + " connections, depth "
                + shape.depth();
    }
}
