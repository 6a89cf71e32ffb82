package io.nettoolkit.dns.internal.query;

/**
 * How many second queries may go out before the first is known to be lost: a tenth of all lookups, and some at the start. So
 * when every server is slow, hedges cannot double the load. Confined to a loop.
 */
final class HedgeBudget {

    private static final int COST = 10;
    private static final int MAX_CREDIT = 64 * COST;

    private int credit = MAX_CREDIT;

    /** One more lookup. */
    void onLookup() {
        if (credit < MAX_CREDIT) {
            credit++;
        }
    }

    /** Whether one may go out; takes it from the budget. */
    boolean tryHedge() {
        if (credit < COST) {
            return false;
        }
        credit -= COST;
        return true;
    }
}
