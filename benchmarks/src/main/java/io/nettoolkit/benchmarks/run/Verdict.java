package io.nettoolkit.benchmarks.run;

/** Whether a target is met, by the ratios of the rounds. */
public enum Verdict {
    /** The median is at or beyond the target and the interval is narrow. */
    HOLDS("Holds"),
    /** The median is short of the target and the interval is narrow. */
    MISSED("Missed"),
    /** The interval is wider than a tenth of the median to each side, or there were too few rounds for one. */
    NOT_DECIDABLE("Not decidable here");

    private static final double WIDEST = 0.10;

    private final String words;

    Verdict(String words) {
        this.words = words;
    }

    /** Judges a ratio of which more is better. */
    public static Verdict of(Interval ratio, double target) {
        if (!ratio.isConfident() || ratio.relativeHalfWidth() > WIDEST) {
            return NOT_DECIDABLE;
        }
        return ratio.median() >= target ? HOLDS : MISSED;
    }

    @Override
    public String toString() {
        return words;
    }
}
