package io.nettoolkit.dns.internal.cache;

import io.nettoolkit.dns.DnsAnswer;
import io.nettoolkit.dns.DnsType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The place of one name and type in the cache. It stays the same object while what it holds is replaced, so whoever has
 * found it can keep it and see by {@link #value} whether anything has changed.
 *
 * <p><b>Threading.</b> The links of the queue, the size and the spellings belong to the lock of the cache. Value, time and
 * marks are read by anyone: the value is written before the time and read after it, so that a time that has not passed
 * never vouches for an older value.
 */
public final class CacheEntry extends Keyed {

    /** Used since the hand came by. */
    private static final byte VISITED = 1;
    /** Used once, and more than once, since the value came. */
    private static final byte USED = 2;

    private static final byte USED_AGAIN = 4;
    /** A hit on an entry with these marks writes nothing. */
    private static final byte WARM = VISITED | USED | USED_AGAIN;

    private static final VarHandle VALUE;
    private static final VarHandle SOFT_NANOS;
    private static final VarHandle MARKS;
    private static final VarHandle REFRESHING;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            VALUE = lookup.findVarHandle(CacheEntry.class, "value", Object.class);
            SOFT_NANOS = lookup.findVarHandle(CacheEntry.class, "softNanos", long.class);
            MARKS = lookup.findVarHandle(CacheEntry.class, "marks", byte.class);
            REFRESHING = lookup.findVarHandle(CacheEntry.class, "refreshing", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Table table;

    @SuppressWarnings("unused") // through VALUE
    private Object value;

    @SuppressWarnings("unused") // through SOFT_NANOS
    private long softNanos;

    @SuppressWarnings("unused") // through MARKS
    private byte marks;

    @SuppressWarnings("unused") // through REFRESHING
    private boolean refreshing;

    private volatile boolean dead;

    /** What it takes on the heap, by estimate. */
    private int bytes;

    /** Never evicted; set before the entry is found by anyone. */
    final boolean pinned;

    @Nullable
    CacheEntry older;

    @Nullable
    CacheEntry newer;

    /** What else it is found by in its table. */
    String @Nullable [] spellings;

    CacheEntry(String key, Table table, Object value, boolean pinned) {
        super(key);
        this.table = table;
        this.value = value;
        this.pinned = pinned;
    }

    /** The name it is about, in lower case and without the dot at the end; of a host, as its caller wrote it. */
    public String name() {
        int blank = key.indexOf(' ');
        return blank < 0 || table.type() != null ? key : key.substring(0, blank);
    }

    /** The type of its answer. */
    public DnsType<?> type() {
        return Tables.type(this);
    }

    /** What it holds. */
    public Object value() {
        return VALUE.getAcquire(this);
    }

    /** Whether a hit has nothing to do but to take the value: it is neither expired, nor due for a refresh, nor removed. */
    public boolean isQuick(long coarseNanos) {
        return coarseNanos - (long) SOFT_NANOS.getAcquire(this) < 0;
    }

    @Override
    CacheEntry entry() {
        return this;
    }

    /** Whether it says that there is nothing. */
    boolean isNegative() {
        return value() instanceof DnsAnswer<?> answer && answer.kind() != DnsAnswer.Kind.ANSWER;
    }

    /** What it takes on the heap, by estimate. Under the lock of the cache, as what changes it. */
    int bytes() {
        return bytes;
    }

    /** One more string finds it. */
    void addSpelling(String spelling) {
        String[] known = spellings;
        String[] more = known == null ? new String[1] : Arrays.copyOf(known, known.length + 1);
        more[more.length - 1] = spelling;
        spellings = more;
        bytes += AnswerBytes.ofSpelling(spelling);
    }

    private int bytesOf(Object now) {
        int sum = now instanceof DnsAnswer<?> answer
                ? AnswerBytes.of(key, answer)
                : AnswerBytes.ofDerived(key, ((Derived) now).references());
        if (spellings != null) {
            for (String spelling : spellings) {
                sum += AnswerBytes.ofSpelling(spelling);
            }
        }
        return sum;
    }

    /** Whether it has been removed from the cache. */
    public boolean isDead() {
        return dead;
    }

    /** Notes a use; writes only what is not noted yet. */
    public void touch() {
        if ((byte) MARKS.getOpaque(this) != WARM) {
            mark();
        }
    }

    private void mark() {
        byte seen = (byte) MARKS.getOpaque(this);
        // A race with another use or with the hand loses a mark, and nothing more.
        MARKS.setOpaque(this, (byte) (seen | VISITED | ((seen & USED) == 0 ? USED : USED_AGAIN)));
        if (value() instanceof Derived derived) {
            derived.touchOrigins();
        }
    }

    /** Whether it was used at least twice since the value came. */
    boolean isPopular() {
        return ((byte) MARKS.getOpaque(this) & USED_AGAIN) != 0;
    }

    /** Whether it was used since the hand came by; the hand takes the mark away. */
    boolean clearVisited() {
        byte seen = (byte) MARKS.getOpaque(this);
        MARKS.setOpaque(this, (byte) (seen & ~VISITED));
        return (seen & VISITED) != 0;
    }

    /** True for the one who is to look the value up again, once for each value. */
    public boolean tryBeginRefresh() {
        return REFRESHING.compareAndSet(this, false, true);
    }

    /** Under the lock of the cache. */
    void replace(Object newValue, long newSoftNanos) {
        bytes = bytesOf(newValue);
        VALUE.setRelease(this, newValue);
        MARKS.setOpaque(this, (byte) ((byte) MARKS.getOpaque(this) & VISITED));
        REFRESHING.setRelease(this, false);
        SOFT_NANOS.setRelease(this, newSoftNanos);
    }

    /** Under the lock of the cache: whoever holds on to the entry finds out at the next look. */
    void kill(long nowNanos) {
        dead = true;
        SOFT_NANOS.setRelease(this, nowNanos - 1);
    }

    /** A value made of those of other entries, which are in use as long as it is. */
    public interface Derived {
        /** How many objects of its own it holds. */
        int references();

        /** When it ends. */
        long expiresNanos();

        /** Touches those entries. */
        void touchOrigins();

        /** Whether none of those entries has been removed since. */
        boolean isUpToDate();
    }
}
