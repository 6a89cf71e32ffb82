package io.nettoolkit.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream of bytes cut into pieces in every way that a decoder may receive it, for tests that hold for all of them.
 *
 * <pre>{@code
 * FrameSplitter.of(bytes).forEachSplit(pieces -> {
 *     EmbeddedChannel channel = new EmbeddedChannel(new MyDecoder());
 *     pieces.forEach(channel::writeInbound);
 *     assertThat(channel.<MyFrame>readInbound()).isEqualTo(expected);
 *     channel.finishAndReleaseAll();
 * });
 * }</pre>
 *
 * <p>The splits are: the whole stream, one cut at every position, every pair of cuts (streams of up to 64 bytes), byte
 * by byte, and random cuts. Each is delivered in each {@link BufferKind}; every buffer begins at a reader index other
 * than 0. The number of runs grows with the length of the stream, and so does the work of each: meant for streams of up
 * to some kilobytes.
 *
 * <p><b>Threading.</b> Immutable; the test runs on the thread that calls {@link #forEachSplit}.
 *
 * <p><b>Ownership.</b> Whoever takes a piece owns it and has to release it, as in a {@code channelRead}. When the test
 * returns, every piece it took, and whatever was sliced from it, must have been released. Pieces that it did not take
 * do not exist. The bytes given to {@link #of(byte[])} are copied.
 *
 * <p><b>Failure.</b> The first split for which the test throws, or that leaves a piece unreleased, ends the run with an
 * {@link AssertionError} that names the cuts, the buffers, and the call that repeats this split alone.
 */
public final class FrameSplitter {

    private static final int MAX_PAIRED_BYTES = 64;
    private static final int DEFAULT_RANDOM_SPLITS = 32;
    private static final long DEFAULT_SEED = 1;

    private final byte[] bytes;
    private final Set<BufferKind> kinds;
    private final int randomSplits;
    private final long seed;
    private final int @Nullable [] onlyCuts;

    private FrameSplitter(byte[] bytes, Set<BufferKind> kinds, int randomSplits, long seed, int @Nullable [] onlyCuts) {
        this.bytes = bytes;
        this.kinds = kinds;
        this.randomSplits = randomSplits;
        this.seed = seed;
        this.onlyCuts = onlyCuts;
    }

    /** Splits of a stream of these bytes, at least one. */
    public static FrameSplitter of(byte[] stream) {
        Objects.requireNonNull(stream, "stream: must not be null");
        if (stream.length == 0) {
            throw new IllegalArgumentException("stream: empty (must have at least one byte)");
        }
        return new FrameSplitter(
                stream.clone(), EnumSet.allOf(BufferKind.class), DEFAULT_RANDOM_SPLITS, DEFAULT_SEED, null);
    }

    /** Splits of a stream of the readable bytes of a buffer, whose indices and ownership stay as they are. */
    public static FrameSplitter of(ByteBuf stream) {
        return of(ByteBufUtil.getBytes(stream));
    }

    /** Delivers the pieces in these kinds of buffers only. Default all. */
    public FrameSplitter withBuffers(BufferKind first, BufferKind... others) {
        return new FrameSplitter(bytes, EnumSet.of(first, others), randomSplits, seed, onlyCuts);
    }

    /**
     * How many splits have random cuts, and the seed they come from. Default 32 with seed 1.
     *
     * @param splits zero for none
     */
    public FrameSplitter withRandomSplits(int splits, long seed) {
        if (splits < 0) {
            throw new IllegalArgumentException("splits: " + splits + " (must not be negative)");
        }
        return new FrameSplitter(bytes, kinds, splits, seed, onlyCuts);
    }

    /**
     * Splits at exactly these positions and no others: what a failure asks for to be repeated.
     *
     * @param cuts rising positions between two bytes, from 1 to length - 1; none for the whole stream
     */
    public FrameSplitter withCuts(int... cuts) {
        int previous = 0;
        for (int cut : cuts) {
            if (cut <= previous || cut >= bytes.length) {
                throw new IllegalArgumentException(
                        "cuts: " + Arrays.toString(cuts) + " (must rise and lie from 1 to " + (bytes.length - 1) + ")");
            }
            previous = cut;
        }
        return new FrameSplitter(bytes, kinds, randomSplits, seed, cuts.clone());
    }

    /** Runs the test once for each split and kind of buffer. */
    public void forEachSplit(SplitTest test) {
        Objects.requireNonNull(test, "test: must not be null");
        if (onlyCuts != null) {
            run(test, onlyCuts);
            return;
        }
        run(test);
        for (int cut = 1; cut < bytes.length; cut++) {
            run(test, cut);
        }
        if (bytes.length <= MAX_PAIRED_BYTES) {
            for (int first = 1; first < bytes.length; first++) {
                for (int second = first + 1; second < bytes.length; second++) {
                    run(test, first, second);
                }
            }
        }
        int[] everywhere = new int[bytes.length - 1];
        Arrays.setAll(everywhere, i -> i + 1);
        run(test, everywhere);
        Random random = new Random(seed);
        for (int i = 0; i < randomSplits && bytes.length > 1; i++) {
            run(test, randomCuts(random));
        }
    }

    private int[] randomCuts(Random random) {
        TreeSet<Integer> cuts = new TreeSet<>();
        int wanted = 1 + random.nextInt(bytes.length - 1);
        for (int i = 0; i < wanted; i++) {
            cuts.add(1 + random.nextInt(bytes.length - 1));
        }
        return cuts.stream().mapToInt(Integer::intValue).toArray();
    }

    private void run(SplitTest test, int... cuts) {
        for (BufferKind kind : kinds) {
            Pieces pieces = new Pieces(bytes, cuts, kind);
            try {
                test.run(pieces);
                pieces.checkReleased();
            } catch (Throwable failure) {
                pieces.releaseAll();
                throw new AssertionError(pieces + ": " + failure + "\nrepeat with " + pieces.replay(), failure);
            }
        }
    }

    @Override
    public String toString() {
        return "FrameSplitter(" + bytes.length + " bytes, " + kinds + ", randomSplits=" + randomSplits + ", seed="
                + seed + (onlyCuts == null ? "" : ", cuts=" + Arrays.toString(onlyCuts)) + ")";
    }

    /** What the pieces are made of. */
    public enum BufferKind {
        /** A direct buffer per piece. */
        DIRECT,
        /** A heap buffer per piece. */
        HEAP,
        /** A composite of a direct and a heap buffer per piece (of one of them for a single byte). */
        COMPOSITE,
        /** A slice out of the middle of a larger buffer. */
        SLICED,
        /** A read-only view of a heap buffer, without access to its array. */
        READ_ONLY,
        /** All of the above in turn, one piece each. */
        MIXED
    }

    /** A test of one split. */
    @FunctionalInterface
    public interface SplitTest {
        /** Called for each split and kind of buffer, with state of its own each time; throws where the split fails. */
        void run(Pieces pieces) throws Exception;
    }

    /**
     * The pieces of one split, in order; can be iterated over once. For Threading and Ownership see
     * {@link FrameSplitter}.
     */
    public static final class Pieces implements Iterable<ByteBuf> {

        private final byte[] bytes;
        private final int[] cuts;
        private final BufferKind kind;
        private final List<PieceBuffer> taken = new ArrayList<>();
        private boolean started;

        private Pieces(byte[] bytes, int[] cuts, BufferKind kind) {
            this.bytes = bytes;
            this.cuts = cuts;
            this.kind = kind;
        }

        /** The positions of the cuts, rising. */
        public List<Integer> cuts() {
            return Arrays.stream(cuts).boxed().toList();
        }

        /** What the pieces are made of. */
        public BufferKind kind() {
            return kind;
        }

        @Override
        public Iterator<ByteBuf> iterator() {
            if (started) {
                throw new IllegalStateException("pieces were taken already: a split delivers its stream once");
            }
            started = true;
            return new Iterator<>() {
                private int next;

                @Override
                public boolean hasNext() {
                    return next <= cuts.length;
                }

                @Override
                public ByteBuf next() {
                    if (!hasNext()) {
                        throw new NoSuchElementException("the split has " + next + " pieces");
                    }
                    int from = next == 0 ? 0 : cuts[next - 1];
                    int to = next == cuts.length ? bytes.length : cuts[next];
                    PieceBuffer piece = PieceBuffer.of(kind, next++, Arrays.copyOfRange(bytes, from, to));
                    taken.add(piece);
                    return piece.handedOut();
                }
            };
        }

        /** Gives every piece to a consumer that takes ownership, such as {@code channel::writeInbound}. */
        @Override
        public void forEach(Consumer<? super ByteBuf> consumer) {
            for (ByteBuf piece : this) {
                consumer.accept(piece);
            }
        }

        private void checkReleased() {
            for (int i = 0; i < taken.size(); i++) {
                if (!taken.get(i).isReleased()) {
                    throw new AssertionError("piece " + i + " was not released when the test returned: "
                            + taken.get(i).handedOut());
                }
            }
        }

        private void releaseAll() {
            taken.forEach(PieceBuffer::releaseFully);
        }

        private String replay() {
            String positions = Arrays.toString(cuts);
            return "FrameSplitter.of(bytes).withBuffers(BufferKind." + kind + ").withCuts("
                    + positions.substring(1, positions.length() - 1) + ")";
        }

        @Override
        public String toString() {
            return bytes.length + " bytes cut at " + Arrays.toString(cuts) + " in " + kind + " buffers";
        }
    }
}
