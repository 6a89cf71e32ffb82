package io.nettoolkit.udp.internal.channel;

import java.util.EnumMap;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/** The figures of one socket: written by its loop alone, read by anybody. */
final class PortCounters {

    /** What is counted. */
    enum Figure {
        DATAGRAMS_IN,
        BYTES_IN,
        DATAGRAMS_OUT,
        BYTES_OUT,
        STRAYS,
        HANDED_OVER,
        OPENED,
        REFUSED
    }

    private final EnumMap<Figure, AtomicLong> values = new EnumMap<>(Figure.class);

    PortCounters() {
        for (Figure figure : Figure.values()) {
            values.put(figure, new AtomicLong());
        }
    }

    private AtomicLong value(Figure figure) {
        return Objects.requireNonNull(values.get(figure));
    }

    void add(Figure figure, long count) {
        AtomicLong value = value(figure);
        value.setOpaque(value.getPlain() + count);
    }

    long get(Figure figure) {
        return value(figure).getOpaque();
    }
}
