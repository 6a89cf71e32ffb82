package io.nettoolkit.benchmarks.run;

import java.util.List;

/**
 * A ratio the toolkit has promised under one load.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param load    the load
 * @param peer    against whom
 * @param minimum what is promised
 * @param aim     what is hoped for, or the minimum again
 */
record EchoTarget(EchoPreset load, String peer, double minimum, double aim) {

    /** The project's targets. */
    static final List<EchoTarget> ALL = List.of(
            new EchoTarget(EchoPreset.SMALL_PIPELINED, "nettyTutorial", 1.5, 1.8),
            new EchoTarget(EchoPreset.KIB_PIPELINED, "nettyTutorial", 2.5, 3.0),
            new EchoTarget(EchoPreset.SMALL_SINGLE, "nettyTutorial", 1.0, 1.0),
            new EchoTarget(EchoPreset.SMALL_PIPELINED, "nettyExpert", 0.97, 0.97),
            new EchoTarget(EchoPreset.KIB_PIPELINED, "nettyExpert", 0.97, 0.97),
            new EchoTarget(EchoPreset.SMALL_SINGLE, "nettyExpert", 0.97, 0.97),
            new EchoTarget(EchoPreset.SMALL_PIPELINED, "nettyExpert-pooled", 0.97, 0.97),
            new EchoTarget(EchoPreset.KIB_PIPELINED, "nettyExpert-pooled", 0.97, 0.97),
            new EchoTarget(EchoPreset.SMALL_SINGLE, "nettyExpert-pooled", 0.97, 0.97),
            new EchoTarget(EchoPreset.SMALL_PIPELINED, "go", 1.0, 1.0),
            new EchoTarget(EchoPreset.KIB_PIPELINED, "go", 1.0, 1.0),
            new EchoTarget(EchoPreset.SMALL_SINGLE, "go", 1.2, 1.2));

    /** {@code 1.5 (aim 1.8)}. */
    String describe() {
        return minimum == aim ? minimum + "x" : minimum + "x (aim " + aim + "x)";
    }
}
