package io.nettoolkit.benchmarks.run;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * All samples of a run, and the ratios within its rounds.
 *
 * <p><b>Threading.</b> One thread.
 */
final class EchoSamples {

    private final List<EchoSample> samples = new ArrayList<>();

    void add(EchoSample sample) {
        samples.add(sample);
    }

    List<EchoSample> all() {
        return List.copyOf(samples);
    }

    /** Names in the order in which they first appeared. */
    Set<String> entries(String loop, EchoPreset load) {
        return samples.stream()
                .filter(sample -> sample.loop().equals(loop) && sample.load().equals(load))
                .sorted((a, b) -> Integer.compare(a.round(), b.round()))
                .map(EchoSample::entry)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    List<EchoSample> of(String loop, EchoPreset load, String entry) {
        return samples.stream()
                .filter(sample -> sample.loop().equals(loop)
                        && sample.load().equals(load)
                        && sample.entry().equals(entry))
                .collect(Collectors.toList());
    }

    /** The rounds' values of one figure. */
    Interval interval(String loop, EchoPreset load, String entry, ToDoubleFunction<EchoSample> figure) {
        return Interval.of(of(loop, load, entry).stream().mapToDouble(figure).toArray());
    }

    /** The ratio {@code entry / base} of one figure, taken within each round. */
    Optional<Interval> ratio(
            String loop, EchoPreset load, String entry, String base, ToDoubleFunction<EchoSample> figure) {
        double[] ratios = of(loop, load, entry).stream()
                .flatMapToDouble(sample -> of(loop, load, base).stream()
                        .filter(other -> other.round() == sample.round())
                        .mapToDouble(other -> figure.applyAsDouble(sample) / figure.applyAsDouble(other)))
                .toArray();
        return ratios.length == 0 ? Optional.empty() : Optional.of(Interval.of(ratios));
    }
}
