package io.nettoolkit.udp.internal.delivery;

import io.netty.util.collection.IntObjectHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Channels by their ids; the first one, for most connections the only one, without a table. */
final class ChannelMap<T> {

    private int firstId;
    private @Nullable T first;
    private @Nullable IntObjectHashMap<T> others;

    @Nullable
    T get(int id) {
        if (first != null && id == firstId) {
            return first;
        }
        return others == null ? null : others.get(id);
    }

    void add(int id, T channel) {
        if (first == null) {
            firstId = id;
            first = channel;
            return;
        }
        if (others == null) {
            others = new IntObjectHashMap<>(4);
        }
        others.put(id, channel);
    }

    void forEach(Consumer<T> action) {
        if (first != null) {
            action.accept(first);
        }
        if (others != null) {
            others.values().forEach(action);
        }
    }

    void clear() {
        first = null;
        others = null;
    }
}
