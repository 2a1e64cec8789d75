package dev.millrace.merge;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiPredicate;

/**
 * The base's entries as of its rounds, for the shards of one process: each reads them as of the round that it has come to, until it goes on to
 * the newest.
 *
 * <p>It takes what the base's drains wrote, in their order. The {@link Base.Mark} at the end of each drain ends a commit. What is stored is as
 * of the round of the slowest shard; what later commits changed lies over it, on the heap. One thread takes; any number read.
 */
public final class Replica {

    /** Commits whose digest may differ from that of the entries read, while compaction removes some of those before they are read. */
    private static final int MOST_TRIALS = 5;

    private final OrderedEntries stored;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    /** Commits that the stored entries are not of, by their last round. */
    private final NavigableMap<Long, Commit> newer = new TreeMap<>();

    private final Set<View> views = new HashSet<>();
    private Base.Mark newest = Base.Mark.NONE;
    private Optional<Throwable> failure = Optional.empty();

    // of the thread that takes
    private SortedMap<byte[], Optional<byte[]>> changed = changes();
    private List<Round> rounds = new ArrayList<>();
    private boolean isAtMark;
    private boolean isAtEnd;
    private boolean isWhole;
    private int trials;

    /** What a commit of the base changed, and its rounds. */
    private record Commit(List<Round> rounds, SortedMap<byte[], Optional<byte[]>> changed) {}

    /** @param stored empty; can be read while it is changed, if shards have threads of their own */
    public Replica(OrderedEntries stored) {
        this.stored = stored;
    }

    private static SortedMap<byte[], Optional<byte[]>> changes() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    /**
     * Takes an entry that the base wrote.
     *
     * @param value absent for a deletion
     * @throws CorruptEntryException if the entries before a mark are not those of the base
     */
    public synchronized void take(byte[] key, Optional<byte[]> value) {
        isAtMark = false;
        if (Base.isMark(key)) {
            isAtMark = true;
            end(Base.mark(value.orElseThrow()));
        } else if (Base.isNews(key)) {
            value.map(Round::ofNews).ifPresent(rounds::add);
        } else if (isShared(key)) {
            if (isWhole) {
                changed.put(key, value);
            } else {
                store(key, value);
            }
        }
    }

    /** Returns what stores the entries of the base, and takes them here. */
    public EntrySink beside(EntrySink entries) {
        return new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                entries.put(key, value);
                take(key, Optional.of(value));
            }

            @Override
            public void delete(byte[] key) {
                entries.delete(key);
                take(key, Optional.empty());
            }
        };
    }

    /** Says that all has been read that the base had written when reading began: its last mark, or the next, is that of whole entries. */
    public synchronized void caughtUp() {
        isAtEnd = true;
        if (isAtMark) {
            check();
        }
    }

    private static boolean isShared(byte[] key) {
        return StepDigest.covers(key)
                || EntryKind.of(key).filter(kind -> kind == EntryKind.MODEL).isPresent();
    }

    private void store(byte[] key, Optional<byte[]> value) {
        value.ifPresentOrElse(now -> stored.put(key, now), () -> stored.delete(key));
    }

    private void end(Base.Mark mark) {
        if (!isWhole) {
            rounds.clear();
            write(() -> newest = mark);
            if (isAtEnd) {
                check();
            }
            return;
        }
        long next = newest.round();
        for (Round round : rounds) {
            if (round.number() != ++next) {
                throw new CorruptEntryException("round " + round.number() + " follows round " + (next - 1)
                        + ": the changelog of the base must have the news of each");
            }
        }
        if (mark.round() != next) {
            throw new CorruptEntryException(
                    "a commit of the base ends round " + mark.round() + ", its rounds end at " + next);
        }
        write(() -> {
            if (!rounds.isEmpty()) { // else entries wait for the next round: no step has changed them
                newer.put(mark.round(), new Commit(List.copyOf(rounds), changed));
                rounds = new ArrayList<>();
                changed = changes();
            }
            newest = mark;
        });
        fold();
    }

    /** Compares all entries with the digest of the last mark. */
    private void check() {
        if (newest.digest().equals(StepDigest.of(stored))) {
            write(() -> isWhole = true);
        } else if (++trials == MOST_TRIALS) {
            throw new CorruptEntryException("the entries of the base as of round " + newest.round()
                    + " do not have the digest " + newest.digest() + " that its commit wrote");
        }
    }

    /** Stores what every shard has come to. */
    private void fold() {
        long to = read(() -> views.stream().mapToLong(view -> view.round).min().orElse(newest.round()));
        List<Commit> due = read(() -> List.copyOf(newer.headMap(to, true).values()));
        // until it is taken away, what lies over the entries says the same
        due.forEach(commit -> commit.changed().forEach(this::store));
        write(() -> newer.headMap(to, true).clear());
    }

    /** Ends the replica: from now on, whoever reads is told why. */
    public void fail(Throwable why) {
        write(() -> failure = Optional.of(why));
    }

    /** Returns true if it has failed. */
    public boolean hasFailed() {
        return read(() -> failure.isPresent());
    }

    /** Returns true if a shard may begin, or go on: a round has handled that delta of it, and all entries are there. */
    public boolean hasHandled(int shard, long delta) {
        return read(() -> isWhole && newest.handled().getOrDefault(shard, 0L) >= delta);
    }

    /** Returns the number of the last delta of a shard that a round has handled; 0 if there is none. */
    public long handled(int shard) {
        return read(() -> newest.handled().getOrDefault(shard, 0L));
    }

    /** Returns the newest round; -1 before the first entries are whole. */
    public long round() {
        return read(() -> isWhole ? newest.round() : -1);
    }

    /** Returns whether the base publishes nothing but deletions at present. */
    public boolean isWithheld() {
        return read(newest::isWithheld);
    }

    /** Returns the number of rounds that lie over the stored entries. */
    int newer() {
        return read(newer::size);
    }

    private void write(Runnable change) {
        lock.writeLock().lock();
        try {
            change.run();
        } finally {
            lock.writeLock().unlock();
        }
    }

    private interface Reading<T> {
        T read();
    }

    private <T> T read(Reading<T> reading) {
        lock.readLock().lock();
        try {
            return reading.read();
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Returns the entries as of the newest round, for one shard.
     *
     * @throws IllegalStateException if there are none yet
     */
    public View view() {
        lock.writeLock().lock();
        try {
            requireWorking();
            if (!isWhole) {
                throw new IllegalStateException("the replica of the base is not complete yet");
            }
            View view = new View(newest.round());
            views.add(view);
            return view;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireWorking() {
        failure.ifPresent(why -> {
            throw new IllegalStateException("the base cannot be followed: " + why.getMessage(), why);
        });
    }

    /** The base's entries as of the round that one shard has come to. One thread, but for {@link #lookup}. */
    public final class View implements EntrySource, AutoCloseable {

        private long round; // guarded by the lock

        private View(long round) {
            this.round = round;
        }

        public long round() {
            return read(() -> round);
        }

        /**
         * Comes to the newest round.
         *
         * @param keys takes the keys of the entries that changed
         * @return the rounds since the one that it was at
         */
        public List<Round> advance(Set<byte[]> keys) {
            lock.writeLock().lock();
            try {
                requireWorking();
                List<Round> next = new ArrayList<>();
                newer.tailMap(round, false).values().forEach(commit -> {
                    next.addAll(commit.rounds());
                    keys.addAll(commit.changed().keySet());
                });
                round = newest.round();
                return next;
            } finally {
                lock.writeLock().unlock();
            }
        }

        @Override
        public Optional<byte[]> get(byte[] key) {
            return read(() -> {
                for (Commit commit : newer.headMap(round, true).descendingMap().values()) {
                    Optional<byte[]> over = commit.changed().get(key);
                    if (over != null) {
                        return over;
                    }
                }
                return stored.get(key);
            });
        }

        @Override
        public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
            scan(from, (key, value) -> Arrays.compareUnsigned(key, to) < 0 && visitor.test(key, value));
        }

        @Override
        public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
            read(() -> {
                SortedMap<byte[], Optional<byte[]>> over = changes();
                newer.headMap(round, true)
                        .values()
                        .forEach(commit -> over.putAll(commit.changed().tailMap(from)));
                boolean[] isWanted = {true};
                stored.scan(from, (key, value) -> {
                    while (isWanted[0] && !over.isEmpty() && Arrays.compareUnsigned(over.firstKey(), key) < 0) {
                        isWanted[0] = visitFirst(over, visitor);
                    }
                    Optional<byte[]> instead = over.remove(key);
                    if (isWanted[0]) {
                        Optional<byte[]> now = instead == null ? Optional.of(value) : instead;
                        isWanted[0] = now.isEmpty() || visitor.test(key, now.get());
                    }
                    return isWanted[0];
                });
                while (isWanted[0] && !over.isEmpty()) {
                    isWanted[0] = visitFirst(over, visitor);
                }
                return isWanted[0];
            });
        }

        private static boolean visitFirst(
                SortedMap<byte[], Optional<byte[]>> over, BiPredicate<byte[], byte[]> visitor) {
            byte[] key = over.firstKey();
            Optional<byte[]> value = Optional.ofNullable(over.remove(key)).orElseThrow();
            return value.isEmpty() || visitor.test(key, value.get());
        }

        /** Ends the view, so that nothing is kept for it. */
        @Override
        public void close() {
            write(() -> views.remove(this));
        }
    }
}
