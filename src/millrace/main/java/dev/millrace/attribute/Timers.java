package dev.millrace.attribute;

import dev.millrace.state.Form;
import dev.millrace.state.Frame;
import dev.millrace.state.OrderedEntries;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.ObjLongConsumer;

/**
 * Timers by event time, each about an entry, whose key it has. They end in the order of their moments, those of one moment in the order of
 * their keys.
 *
 * <p>A moment is twice the milliseconds of an event time. A timer that is set for a past time ends at the next run, before all others; its
 * moment is the odd number behind the cursor.
 *
 * <p>Layout: timers that were set since the last commit are {@code unwritten}. A commit sorts them and writes them in blocks, each an entry
 * under the moment of its first timer. When that moment has come, a run reads the block, deletes it, and merges it with other read blocks
 * and with what is unwritten. Timers of it that are not due become unwritten again. So a timer costs a few bytes, and no entry of its own.
 * A block spans at most 1/{@value #SPAN} of the time that it lies ahead, so that a timer is written again a few times at most, however
 * mixed their times are.
 *
 * <p>A timer cannot be taken back. Its listener checks whether the entry is still there and still due.
 */
final class Timers {

    private static final int BLOCK = 1_000;
    private static final int SPAN = 16;
    private static final long LEAST_SPAN = 2_000; // a second
    private static final int UNWRITTEN = 65_536;
    private static final long NONE = Long.MAX_VALUE;

    private final OrderedEntries entries;
    private final PriorityQueue<Timer> unwritten = new PriorityQueue<>();
    private long firstStored; // no block begins before this moment
    private long cursor;
    private long blocks;

    Timers(OrderedEntries entries) {
        this.entries = entries;
    }

    /** Returns the event time up to which timers have ended, epoch milliseconds. */
    long cursor() {
        return cursor;
    }

    void fields(Form form) {
        cursor = form.longInteger(cursor);
        blocks = form.longInteger(blocks); // written so far
        firstStored = form.isRead() ? 2 * cursor : firstStored;
    }

    boolean isPast(long moment) {
        return moment <= 2 * cursor;
    }

    /** Returns the event time at which a timer of that moment is due, epoch milliseconds. */
    static long time(long moment) {
        return moment / 2;
    }

    /** Sets a timer that ends once event time has passed a time. Returns its moment. */
    long set(long time, byte[] subject) {
        long moment = Math.max(2 * (time + 1), 2 * cursor + 1);
        setAt(moment, subject);
        return moment;
    }

    /** @param moment behind the cursor */
    void setAt(long moment, byte[] subject) {
        unwritten.add(new Timer(moment, subject));
    }

    /**
     * Ends all timers up to an event time, and those that are set meanwhile.
     *
     * @param listener is told the subject and the moment of each; it may set others
     */
    void run(long until, ObjLongConsumer<byte[]> listener) {
        long last = 2 * until;
        PriorityQueue<Block> read = new PriorityQueue<>(Comparator.comparing(Block::first));
        while (true) {
            Timer next = first(read);
            if (firstStored <= Math.min(last, next.moment)) {
                readBlock(read);
            } else if (next.moment <= last) {
                take(next, read);
                listener.accept(next.subject, next.moment);
            } else {
                break;
            }
        }
        read.forEach(block -> block.moveTo(unwritten));
        cursor = until;
        if (unwritten.size() > UNWRITTEN) {
            drain();
        }
    }

    /** Writes the timers that were set since the last call. */
    void drain() {
        Timer[] timers = unwritten.toArray(new Timer[0]);
        Arrays.sort(timers);
        int from = 0;
        for (int to = 1; to <= timers.length; to++) {
            long first = timers[from].moment;
            long span = Math.max(LEAST_SPAN, (first - 2 * cursor) / SPAN);
            if (to == timers.length || to - from == BLOCK || timers[to].moment - first > span) {
                entries.put(EntryKeys.timers(first, blocks++), Block.encoded(timers, from, to));
                firstStored = Math.min(firstStored, first);
                from = to;
            }
        }
        unwritten.clear();
    }

    /** Returns the first timer of those on the heap; without any, one that is never due. */
    private Timer first(PriorityQueue<Block> read) {
        Timer set = unwritten.peek();
        Block block = read.peek();
        Timer first = set == null ? Timer.NEVER : set;
        return block != null && block.first().compareTo(first) < 0 ? block.first() : first;
    }

    private void take(Timer first, PriorityQueue<Block> read) {
        if (first.equals(unwritten.peek())) {
            unwritten.remove();
        } else {
            Block block = read.remove();
            if (block.moveOn()) {
                read.add(block);
            }
        }
    }

    /** Reads and deletes the first block, if there is one, and finds where the next begins. */
    private void readBlock(PriorityQueue<Block> read) {
        byte[][] block = new byte[2][];
        byte[] from = EntryKeys.timers(firstStored, 0); // behind the keys of all that were deleted
        firstStored = NONE;
        entries.scan(from, new byte[] {EntryKeys.TIMERS + 1}, (key, value) -> {
            if (block[0] == null) {
                block[0] = key;
                block[1] = value;
                return true;
            }
            firstStored = EntryKeys.numberOf(key);
            return false;
        });
        if (block[0] != null) {
            entries.delete(block[0]);
            read.add(new Block(block[1]));
        }
    }

    /** @param subject at most 127 bytes */
    private record Timer(long moment, byte[] subject) implements Comparable<Timer> {

        static final Timer NEVER = new Timer(NONE, new byte[0]);

        @Override
        public int compareTo(Timer other) {
            int byMoment = Long.compare(moment, other.moment);
            return byMoment != 0 ? byMoment : Arrays.compareUnsigned(subject, other.subject);
        }
    }

    /** Timers in their order, of which those before the first have been taken: {@code moment int64 | length int8 | subject}, each. */
    private static final class Block {

        private final ByteBuffer rest;
        private Timer first;

        Block(byte[] value) {
            rest = Frame.open(value);
            first = next();
        }

        Timer first() {
            return first;
        }

        /** Moves to the next timer. Returns false if there is none. */
        boolean moveOn() {
            if (!rest.hasRemaining()) {
                return false;
            }
            first = next();
            return true;
        }

        void moveTo(PriorityQueue<Timer> timers) {
            do {
                timers.add(first);
            } while (moveOn());
        }

        private Timer next() {
            long moment = rest.getLong();
            byte[] subject = new byte[rest.get()];
            rest.get(subject);
            return new Timer(moment, subject);
        }

        static byte[] encoded(Timer[] timers, int from, int to) {
            int bytes = 0;
            for (int at = from; at < to; at++) {
                bytes += Long.BYTES + Byte.BYTES + timers[at].subject.length;
            }
            ByteBuffer block = Frame.allocate(bytes);
            for (int at = from; at < to; at++) {
                block.putLong(timers[at].moment)
                        .put((byte) timers[at].subject.length)
                        .put(timers[at].subject);
            }
            return Frame.seal(block);
        }
    }
}
