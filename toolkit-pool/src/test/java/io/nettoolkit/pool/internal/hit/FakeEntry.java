package io.nettoolkit.pool.internal.hit;

/** A connection without a channel. */
final class FakeEntry extends Entry {

    FakeEntry(long loopThread) {
        super(0, loopThread);
    }

    /** Idle, and on a shelf. */
    static FakeEntry idleOn(Shelf shelf, long loopThread) {
        FakeEntry entry = new FakeEntry(loopThread);
        shelf.put(entry);
        entry.move(NEW, IDLE);
        shelf.offer(entry);
        return entry;
    }

    @Override
    public boolean isActive() {
        return true;
    }
}
