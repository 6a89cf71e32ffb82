package io.nettoolkit.pool.internal.state;

import io.nettoolkit.pool.internal.hit.Entry;
import io.nettoolkit.pool.internal.hit.Shelf;
import java.util.Arrays;
import java.util.List;

/** The connections of a pool, from the moment they are open until their channels are closed. */
final class Roster {

    private static final Member[] NOBODY = {};

    private final Shelf shelf;
    private Member[] members = NOBODY;
    private int size;
    private int leaving;
    private long pastLeases;
    private boolean changed;

    Roster(Shelf shelf) {
        this.shelf = shelf;
    }

    /** All, those that are being closed included. */
    int size() {
        return size;
    }

    /** Those that are not being closed. */
    int open() {
        return size - leaving;
    }

    Member at(int place) {
        return members[place];
    }

    void add(Member member) {
        if (size == members.length) {
            members = Arrays.copyOf(members, Math.max(4, size * 2));
        }
        member.place = size;
        members[size++] = member;
        shelf.put(member);
        changed = true;
    }

    /** False where it is none of them. */
    boolean remove(Member member) {
        int place = member.place;
        if (place == Member.NO_MEMBER) {
            return false;
        }
        Member last = members[--size];
        members[place] = last;
        last.place = place;
        Arrays.fill(members, size, size + 1, null);
        member.place = Member.NO_MEMBER;
        pastLeases += member.generation();
        if (member.isLeaving) {
            leaving--;
        }
        shelf.remove(member);
        changed = true;
        return true;
    }

    /** Notes that a member is being closed; false where that is known. */
    boolean leave(Member member) {
        if (member.isLeaving) {
            return false;
        }
        member.isLeaving = true;
        if (member.place != Member.NO_MEMBER) {
            leaving++;
        }
        return true;
    }

    /** How many are idle at this moment. */
    int idle() {
        int idle = 0;
        for (int i = 0; i < size; i++) {
            if (members[i].phase() == Entry.IDLE) {
                idle++;
            }
        }
        return idle;
    }

    /** How often those were leased that are gone. */
    long pastLeases() {
        return pastLeases;
    }

    /** Whether the list is another one since the last question. */
    boolean hasChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    List<Member> copy() {
        return List.of(Arrays.copyOf(members, size));
    }
}
