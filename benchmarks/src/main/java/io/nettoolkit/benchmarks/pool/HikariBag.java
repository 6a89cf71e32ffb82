package io.nettoolkit.benchmarks.pool;

import com.zaxxer.hikari.util.ConcurrentBag;
import com.zaxxer.hikari.util.ConcurrentBag.IConcurrentBagEntry;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** HikariCP's bag, as its pool uses it; it has no settings. */
final class HikariBag {

    private HikariBag() {}

    static ConcurrentBag<Entry> of(List<StampedChannel> channels) {
        ConcurrentBag<Entry> bag = new ConcurrentBag<>(waiting -> {});
        channels.forEach(channel -> bag.add(new Entry(channel)));
        return bag;
    }

    /** An entry of the bag, its state in the atomic's value. */
    static final class Entry extends AtomicInteger implements IConcurrentBagEntry {

        private static final long serialVersionUID = 1;

        final transient StampedChannel channel;

        Entry(StampedChannel channel) {
            this.channel = channel;
        }

        @Override
        public void setState(int state) {
            set(state);
        }

        @Override
        public int getState() {
            return get();
        }
    }
}
