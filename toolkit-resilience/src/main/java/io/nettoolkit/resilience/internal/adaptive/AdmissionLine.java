package io.nettoolkit.resilience.internal.adaptive;

/*
 * One number says who is let in: classes 0, 1, … up to the line are, a class the line runs through is in part, those behind
 * it are not. At any one value of the line a class is shed only if every class behind it is shed altogether.
 *
 *     class    0       1       2       3
 *          |-------|-------|-------|-------|
 *          0       1       2  ^    3       4        line 2.3: classes 0 and 1 let in, 30 % of class 2, none of class 3
 */

/** Where the line is. */
public final class AdmissionLine {

    private AdmissionLine() {}

    /**
     * The line that sheds this share of what arrives, the last classes first.
     *
     * @param shed from 0 to less than 1
     * @param arrivals how much arrived lately, by class
     */
    public static double of(double shed, double[] arrivals) {
        double total = 0;
        for (double count : arrivals) {
            total += count;
        }
        if (shed <= 0) {
            return arrivals.length;
        }
        if (total <= 0) {
            // Nothing is known of what will come: as if as much of each.
            return arrivals.length * (1 - shed);
        }
        double rest = shed * total;
        for (int last = arrivals.length - 1; last > 0; last--) {
            if (arrivals[last] > rest) {
                return last + 1 - rest / arrivals[last];
            }
            rest -= arrivals[last];
        }
        // Class 0 is never shed altogether, even where the figures would say so.
        return arrivals[0] <= 0 ? 1 : 1 - Math.min(shed, rest / arrivals[0]);
    }

    /** The share of a class that is shed; 0 or less for none, 1 or more for all. */
    public static double shedShare(int priority, double line) {
        return priority + 1 - line;
    }
}
