package io.nettoolkit.pool.internal.keyed;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Design note
 *
 * Idea: one number of permits for the connections of all hosts. While permits are left, whoever asks has one. When they are
 * gone, hosts get in line, and permits come back in two ways: connections end by themselves, or they are taken back from a
 * host that has more than one in line. What comes back goes to the host that keeps least, and among equals to the one that
 * has waited longest: that is max-min fairness, with round robin among equals.
 *
 *   keeps(h)  = permits of h that are not on their way back
 *   shortfall = taken + line - cap - leaving: how many permits still have to be taken back so that everybody in line gets one
 *
 * A host gives up a connection that comes free
 *   - when nobody waits for it there, as long as there is a shortfall,
 *   - when somebody does, only where one in line keeps fewer: at once where it keeps at least two fewer. With a difference of
 *     one the two swap for ever, which is right (else some hosts of many would never have any) and costs connects; so a turn
 *     lasts for so many uses of each connection, the quantum of a deficit round robin.
 *
 * Invariants, whatever the order of calls: 0 <= taken; taken never grows beyond cap (it may be above after the cap was
 * lowered); connecting never grows beyond its bound; a host is in line at most once; with a full cap and N hosts in line that
 * keep nothing, each of them is granted one of the next N permits that come back.
 *
 * Sources: Shreedhar and Varghese, "Efficient Fair Queuing using Deficit Round Robin", 1995. Envoy's rule that every host
 * with requests gets at least one connection.
 */

/** Who gets the next permit for a connection, and who gives one up. Pure bookkeeping; not thread-safe. */
final class FairCap {

    /** How often a host may use each connection while another one waits that keeps one fewer. */
    static final int QUANTUM = 16;

    private final int maxConnecting;
    /** Hosts that wait, by how much they keep. */
    private final List<LinkedHashSet<Account>> line = new ArrayList<>();

    private int cap;
    private int inLine;
    private int taken;
    private int connecting;
    private int leaving;

    /** What one host has of the permits. */
    static class Account {

        private int held;
        private int leaving;
        private int usesLeft;
        private boolean waiting;

        /** Permits of this host, those on their way back included. */
        final int held() {
            return held;
        }

        private int keeps() {
            // One may be expected that has just come back.
            return Math.max(0, held - leaving);
        }
    }

    FairCap(int cap, int maxConnecting) {
        this.cap = cap;
        this.maxConnecting = maxConnecting;
    }

    /** A permit for a host that has not waited; none where somebody has. */
    boolean tryTake(Account host) {
        if (inLine > 0 || !hasFree()) {
            return false;
        }
        take(host);
        return true;
    }

    /** The host gets in line; once. */
    void want(Account host) {
        if (!host.waiting) {
            host.waiting = true;
            enter(host);
        }
    }

    /** The host has no use for a permit any more. */
    void unwant(Account host) {
        if (host.waiting) {
            leave(host);
            host.waiting = false;
        }
    }

    /** Takes a permit for the next in line; none where nobody waits or nothing is free. */
    @Nullable
    Account grant() {
        if (inLine == 0 || !hasFree()) {
            return null;
        }
        Account next = first();
        leave(next);
        next.waiting = false;
        take(next);
        return next;
    }

    /** The connect of a permit is over, whatever became of it. */
    void connectEnded() {
        if (connecting == 0) {
            throw new IllegalStateException("a connect ended that had not begun");
        }
        connecting--;
    }

    /** A permit comes back. */
    void giveBack(Account host) {
        if (host.held == 0) {
            throw new IllegalStateException("a permit came back that had not been taken");
        }
        taken--;
        if (host.leaving > 0) {
            host.held--;
            host.leaving--;
            leaving--;
        } else {
            change(host, () -> host.held--);
        }
    }

    /** How many connections have to go so that everybody in line gets one; 0 for none. */
    int shortfall() {
        return Math.max(0, taken + inLine - cap - leaving);
    }

    /** Whether more permits are taken than there are, those on their way back not counted. */
    boolean isExceeded() {
        return taken - leaving > cap;
    }

    /** Whether every permit is taken, or will be by somebody who is in line. */
    boolean isFull() {
        return taken + inLine >= cap;
    }

    /**
     * Whether a connection that has come free has to go; if so, its permit counts as on its way back.
     *
     * @param needed whether somebody waits for it in its own host
     */
    boolean takesBack(Account host, boolean needed) {
        if (shortfall() == 0 || host.keeps() == 0 || (needed && !isDue(host))) {
            return false;
        }
        expect(host);
        return true;
    }

    private boolean isDue(Account host) {
        if (isExceeded()) {
            return true;
        }
        int least = inLine == 0 ? Integer.MAX_VALUE : first().keeps();
        if (least == host.keeps() - 1) {
            return --host.usesLeft <= 0;
        }
        return least < host.keeps();
    }

    /** A permit is on its way back. */
    void expect(Account host) {
        leaving++;
        change(host, () -> host.leaving++);
    }

    /** It is not: the connection was taken into use at that moment. */
    void expectNoMore(Account host) {
        // A permit may have come back meanwhile that was not the one meant; then there is nothing to undo.
        if (host.leaving > 0) {
            leaving--;
            change(host, () -> host.leaving--);
        }
    }

    /** Changes the number of permits; what is taken beyond it has to come back. */
    void resize(int permits) {
        cap = permits;
    }

    int cap() {
        return cap;
    }

    int taken() {
        return taken;
    }

    int connecting() {
        return connecting;
    }

    int inLine() {
        return inLine;
    }

    private boolean hasFree() {
        return taken < cap && connecting < maxConnecting;
    }

    private void take(Account host) {
        taken++;
        connecting++;
        host.held++;
        host.usesLeft = QUANTUM * host.keeps();
    }

    /** Changes what a host keeps, which moves it to the end of another part of the line. */
    private void change(Account host, Runnable change) {
        if (host.waiting) {
            leave(host);
        }
        change.run();
        if (host.waiting) {
            enter(host);
        }
    }

    private void enter(Account host) {
        while (line.size() <= host.keeps()) {
            line.add(new LinkedHashSet<>());
        }
        line.get(host.keeps()).add(host);
        inLine++;
    }

    private void leave(Account host) {
        line.get(host.keeps()).remove(host);
        inLine--;
    }

    private Account first() {
        for (LinkedHashSet<Account> equals : line) {
            if (!equals.isEmpty()) {
                return equals.iterator().next();
            }
        }
        throw new IllegalStateException("nobody is in line");
    }
}
