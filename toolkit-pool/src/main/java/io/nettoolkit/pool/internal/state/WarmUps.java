package io.nettoolkit.pool.internal.state;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The wishes for open connections that are not fulfilled yet. */
final class WarmUps {

    private final Effects effects;
    private final List<WarmUp> wishes = new ArrayList<>();

    WarmUps(Effects effects) {
        this.effects = effects;
    }

    void add(WarmUp wish) {
        wishes.add(wish);
    }

    void forget(WarmUp wish) {
        wishes.remove(wish);
    }

    /** How many connections are wished for, within the maximum; 0 where nobody wishes for any. */
    int most(int maxSize) {
        int most = 0;
        for (int i = 0; i < wishes.size(); i++) {
            most = Math.max(most, Math.min(wishes.get(i).connections, maxSize));
        }
        return most;
    }

    /** Ends those that have what they want, or all there will be. */
    void end(int open, int maxSize, boolean isAllThereWillBe) {
        for (int i = wishes.size() - 1; i >= 0; i--) {
            WarmUp wish = wishes.get(i);
            if (isAllThereWillBe || open >= Math.min(wish.connections, maxSize)) {
                wishes.remove(i);
                effects.warmed(wish, open, null);
            }
        }
    }

    void fail(int open, @Nullable Throwable cause) {
        for (WarmUp wish : wishes) {
            effects.warmed(wish, open, cause);
        }
        wishes.clear();
    }
}
