package dev.millrace.model.table;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Row numbers in the order of their last touch, each with the event time of that touch. One thread.
 *
 * <p>It is a doubly linked list in arrays. A moment is a number above 0 that grows from touch to touch. Moments are stored,
 * so that the order can be rebuilt from entries that arrive in any order.
 */
public final class RecencyOrder {

    static final int NONE = -1;

    private static final long NEVER = 0;

    private long[] moments = new long[0];
    private long[] times = new long[0];
    private int[] older = new int[0];
    private int[] newer = new int[0];
    private int oldest = NONE;
    private int newest = NONE;
    private boolean isLinked = true;

    /** Makes a number the one touched last. */
    void touch(int number, long moment, long time) {
        link();
        room(number);
        if (moments[number] != NEVER) {
            unlink(number);
        }
        moments[number] = moment;
        times[number] = time;
        append(number);
    }

    /** Removes a number. Does nothing if it was never touched. */
    void remove(int number) {
        if (number >= moments.length || moments[number] == NEVER) {
            return;
        }
        if (isLinked) {
            unlink(number);
        }
        moments[number] = NEVER;
    }

    /** Restores a stored touch. */
    void restore(int number, long moment, long time) {
        room(number);
        moments[number] = moment;
        times[number] = time;
        isLinked = false;
    }

    /** Returns the number that was touched longest ago, or {@link #NONE}. */
    int oldest() {
        link();
        return oldest;
    }

    /** Returns the moment of a number's last touch; 0 if it was never touched. */
    public long moment(int number) {
        return number < moments.length ? moments[number] : NEVER;
    }

    /** Returns the event time of a number's last touch, epoch milliseconds; 0 if it was never touched. */
    public long time(int number) {
        return number < times.length ? times[number] : 0;
    }

    private void link() {
        if (isLinked) {
            return;
        }
        isLinked = true;
        oldest = NONE;
        newest = NONE;
        IntStream.range(0, moments.length)
                .filter(number -> moments[number] != NEVER)
                .boxed()
                .sorted(Comparator.comparingLong(number -> moments[number]))
                .forEachOrdered(this::append);
    }

    private void append(int number) {
        older[number] = newest;
        newer[number] = NONE;
        if (newest == NONE) {
            oldest = number;
        } else {
            newer[newest] = number;
        }
        newest = number;
    }

    private void unlink(int number) {
        int before = older[number];
        int behind = newer[number];
        if (before == NONE) {
            oldest = behind;
        } else {
            newer[before] = behind;
        }
        if (behind == NONE) {
            newest = before;
        } else {
            older[behind] = before;
        }
    }

    private void room(int number) {
        if (number >= moments.length) {
            int capacity = Math.max(number + 1, Math.max(1024, number + number / 2));
            moments = Arrays.copyOf(moments, capacity);
            times = Arrays.copyOf(times, capacity);
            older = Arrays.copyOf(older, capacity);
            newer = Arrays.copyOf(newer, capacity);
        }
    }
}
