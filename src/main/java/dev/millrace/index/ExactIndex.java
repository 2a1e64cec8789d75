package dev.millrace.index;

import dev.millrace.batch.FastPopularity;
import dev.millrace.event.Features;
import dev.millrace.publish.ItemEmbedding;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Predicate;

/**
 * The item vectors of one generation, searched exactly, while they change.
 *
 * <p>One writer and any number of readers at a time. A reader never sees half a vector, and never the same item twice in one
 * search; two vectors of one answer may be of two steps of the same generation.
 */
public final class ExactIndex implements NearestItems {

    /*
     * Layout. Rows are numbered without gaps: row r lies in chunk r / CHUNK_ROWS, its vector flat in the chunk's array. A
     * removed row is filled by the last one, so a scan reads memory from front to back and skips nothing.
     *
     * Locks. `membership` guards which item is in which row: a search holds its read side for the whole scan; the write side
     * is taken only when an item comes or goes. Replacing the vector of an item that is here, which is what every publication
     * and every sweep does, takes no more than the stamped lock of its chunk. A search reads a chunk optimistically into its
     * own array of scores, and a second time under the lock if a writer was at work in that chunk meanwhile.
     *
     * Cost. A search: rows * dim multiplications. A replaced vector: a map look-up and a copy of dim floats; it waits for no
     * search, except one that met a writer in the same chunk and scans that chunk again. An item that comes or goes waits for
     * the searches under way, and searches that start meanwhile wait with it: one scan at most.
     *
     * Popularity. A row keeps the number that was published with its vector, as of the vector's event time; between clicks a number
     * only decays, so nobody publishes that. A chunk has its numbers also as of one moment, `asOf`, for searches to add. When
     * the newest event time has moved so far on that a number may have fallen by MAX_MOVE, the moment moves, and the next search
     * that asks for popularity brings a chunk there, under the chunk's lock, as a writer would: a microsecond for each ten rows that
     * have clicks, once in MAX_MOVE / ln 2 half-lives. A search without popularity reads none of it.
     */
    private static final int CHUNK_ROWS = 256;

    /** By how much a number of popularity may have decayed in the event time that the index does not follow. */
    static final double MAX_MOVE = 0.02;

    private static final double MOVE_A_HALF_LIFE = Math.log(2);
    private static final double MAX_NUMBER = 700; // e to its power is a double

    private final int dim;
    private final ReadWriteLock membership = new ReentrantReadWriteLock();
    private final Map<String, Integer> rows = new HashMap<>();
    private final List<Chunk> chunks = new ArrayList<>();
    private volatile int size;
    private volatile long newestStep;
    private volatile long newestEventTime;
    private volatile long newestPublication;
    private volatile Moment moment = new Moment(0, 0);

    /**
     * A moment that numbers are brought to.
     *
     * @param time of events, epoch milliseconds
     * @param halfLife of popularity, milliseconds; 0 before any was published
     */
    private record Moment(long time, long halfLife) {

        boolean isFollowedBy(ItemEmbedding embedding) {
            long given = embedding.popularity().halfLife();
            return given > 0
                    && (given != halfLife || (embedding.eventTime() - time) * MOVE_A_HALF_LIFE > MAX_MOVE * halfLife);
        }

        float number(double published, long eventTime) {
            return published == 0
                    ? 0
                    : (float) FastPopularity.later(published, (double) (time - eventTime) / Math.max(1, halfLife));
        }
    }

    /** @param dim width of the vectors */
    public ExactIndex(int dim) {
        if (dim < 1) {
            throw new IllegalArgumentException("dim = " + dim + ": must be at least 1");
        }
        this.dim = dim;
    }

    @Override
    public int dim() {
        return dim;
    }

    @Override
    public int size() {
        return size;
    }

    /** Latest learning step among the vectors taken in so far; 0 before the first. */
    public long newestStep() {
        return newestStep;
    }

    /** How old the vectors are; looks at each, without holding anyone up for longer than a chunk takes. */
    public VectorAges ages() {
        membership.readLock().lock();
        try {
            int left = size;
            long[] steps = new long[left];
            long oldest = Long.MAX_VALUE;
            int at = 0;
            for (Chunk chunk : chunks) {
                int count = Math.min(left, CHUNK_ROWS);
                oldest = Math.min(oldest, chunk.copySteps(count, steps, at));
                at += count;
                left -= count;
            }
            return VectorAges.of(steps, newestStep, oldest);
        } finally {
            membership.readLock().unlock();
        }
    }

    /** Latest event time that a vector taken in so far has learnt from, epoch milliseconds; 0 before the first. */
    public long newestEventTime() {
        return newestEventTime;
    }

    /** Latest time of publication of the vectors taken in so far, epoch milliseconds; 0 before the first. */
    public long newestPublication() {
        return newestPublication;
    }

    /**
     * Takes an item's latest vector, or removes the item if the embedding has none. Writer only.
     *
     * @param publishedAt of the embedding, epoch milliseconds, wall clock of the topic
     * @throws IllegalArgumentException if the vector has another width or a component that is not finite, or the popularity is
     *     negative, or no log of a count
     */
    public void upsert(ItemEmbedding embedding, long publishedAt) {
        if (embedding.vector().isEmpty()) {
            remove(embedding.item());
            return;
        }
        float[] vector = embedding.vector().get();
        check(vector);
        double popularity = embedding.popularity().number();
        if (!(popularity >= 0 && popularity <= MAX_NUMBER)) {
            throw new IllegalArgumentException("the popularity is " + popularity);
        }
        Integer row = rows.get(embedding.item());
        if (row == null) {
            append(embedding, vector, publishedAt);
        } else {
            chunks.get(row / CHUNK_ROWS).replace(row % CHUNK_ROWS, embedding, vector, publishedAt);
        }
        if (moment.isFollowedBy(embedding)) {
            moment = new Moment(
                    Math.max(moment.time, embedding.eventTime()),
                    embedding.popularity().halfLife());
        }
        newestStep = Math.max(newestStep, embedding.step());
        newestEventTime = Math.max(newestEventTime, embedding.eventTime());
        newestPublication = Math.max(newestPublication, publishedAt);
    }

    /** Removes an item; nothing happens if it is not here. Writer only. */
    public void remove(String item) {
        Integer row = rows.get(item);
        if (row == null) {
            return;
        }
        membership.writeLock().lock();
        try {
            int last = size - 1;
            Chunk tail = chunks.get(last / CHUNK_ROWS);
            if (row != last) {
                String moved = chunks.get(row / CHUNK_ROWS).copyRow(row % CHUNK_ROWS, tail, last % CHUNK_ROWS);
                rows.put(moved, row);
            }
            rows.remove(item);
            tail.items[last % CHUNK_ROWS] = "";
            tail.attributes[last % CHUNK_ROWS] = Features.NONE;
            size = last;
            if (last % CHUNK_ROWS == 0) {
                chunks.remove(chunks.size() - 1);
            }
        } finally {
            membership.writeLock().unlock();
        }
    }

    @Override
    public List<ScoredItem> search(float[] query, int k, Predicate<String> excluded) {
        return search(query, k, excluded, 0);
    }

    /**
     * The items that score best by {@code <query, vector> + weight · number}, the number being the item's log of popularity as of the
     * newest event time here, or up to {@value #MAX_MOVE} more.
     *
     * @param query [dim]
     * @param k items wanted, at least 1; fewer come back if the index has fewer
     * @param excluded items that must not come back
     * @param weight of popularity, finite; with 0 this is {@link #search(float[], int, Predicate)}, to the last bit
     * @return best first, as {@link ScoredItem#BEST_FIRST} says
     */
    public List<ScoredItem> search(float[] query, int k, Predicate<String> excluded, float weight) {
        return search(query, k, excluded, ItemFilter.NONE, weight);
    }

    /**
     * As {@link #search(float[], int, Predicate, float)}, of the items that pass a filter.
     *
     * @param filter asked of items that would be among the best, in the order of the rows
     */
    public List<ScoredItem> search(float[] query, int k, Predicate<String> excluded, ItemFilter filter, float weight) {
        check(query);
        if (!Float.isFinite(weight)) {
            throw new IllegalArgumentException("weight = " + weight + ": must be finite");
        }
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
        PriorityQueue<ScoredItem> worstFirst =
                new PriorityQueue<>(Math.min(k, size) + 1, ScoredItem.BEST_FIRST.reversed());
        float[] scores = new float[CHUNK_ROWS];
        Moment now = moment;
        membership.readLock().lock();
        try {
            int left = size;
            for (Chunk chunk : chunks) {
                int count = Math.min(left, CHUNK_ROWS);
                if (weight != 0) {
                    chunk.bringTo(now);
                }
                chunk.score(query, weight, count, scores);
                for (int at = 0; at < count; at++) {
                    if (isBetter(worstFirst, k, chunk.items[at], scores[at])
                            && filter.passes(chunk.attributes[at])
                            && !excluded.test(chunk.items[at])) {
                        keep(worstFirst, k, new ScoredItem(chunk.items[at], scores[at]));
                    }
                }
                left -= count;
            }
        } finally {
            membership.readLock().unlock();
        }
        List<ScoredItem> found = new ArrayList<>(worstFirst);
        found.sort(ScoredItem.BEST_FIRST);
        return Collections.unmodifiableList(found);
    }

    /** What is known of an item. */
    public Optional<IndexedItem> item(String item) {
        membership.readLock().lock();
        try {
            return Optional.ofNullable(rows.get(item))
                    .map(row -> chunks.get(row / CHUNK_ROWS).read(row % CHUNK_ROWS));
        } finally {
            membership.readLock().unlock();
        }
    }

    /** An item's vector, [dim], a copy. */
    public Optional<float[]> vector(String item) {
        return item(item).map(IndexedItem::vector);
    }

    /**
     * All items at one moment.
     *
     * @param vectors [items, dim] row-major
     * @param attributes [items]
     */
    record Snapshot(List<String> items, float[] vectors, Features[] attributes) {}

    /** A copy of what is searched. Nothing may be written meanwhile. */
    Snapshot snapshot() {
        int count = size;
        String[] items = new String[count];
        float[] vectors = new float[Math.multiplyExact(count, dim)];
        Features[] attributes = new Features[count];
        for (int from = 0; from < count; from += CHUNK_ROWS) {
            Chunk chunk = chunks.get(from / CHUNK_ROWS);
            int rows = Math.min(CHUNK_ROWS, count - from);
            System.arraycopy(chunk.items, 0, items, from, rows);
            System.arraycopy(chunk.vectors, 0, vectors, from * dim, rows * dim);
            System.arraycopy(chunk.attributes, 0, attributes, from, rows);
        }
        return new Snapshot(List.of(items), vectors, attributes);
    }

    /** Items with the inner products of their vectors, without those that are not here. */
    List<ScoredItem> scored(float[] query, List<String> items) {
        List<ScoredItem> scored = new ArrayList<>(items.size());
        membership.readLock().lock();
        try {
            for (String item : items) {
                Integer row = rows.get(item);
                if (row != null) {
                    scored.add(new ScoredItem(item, chunks.get(row / CHUNK_ROWS).score(query, row % CHUNK_ROWS)));
                }
            }
        } finally {
            membership.readLock().unlock();
        }
        return scored;
    }

    private static boolean isBetter(PriorityQueue<ScoredItem> worstFirst, int k, String item, float score) {
        if (worstFirst.size() < k) {
            return true;
        }
        ScoredItem worst = worstFirst.element();
        return score > worst.score() || (score == worst.score() && item.compareTo(worst.item()) < 0);
    }

    private static void keep(PriorityQueue<ScoredItem> worstFirst, int k, ScoredItem item) {
        if (worstFirst.size() == k) {
            worstFirst.remove();
        }
        worstFirst.add(item);
    }

    private void append(ItemEmbedding embedding, float[] vector, long publishedAt) {
        membership.writeLock().lock();
        try {
            int row = size;
            if (row == chunks.size() * CHUNK_ROWS) {
                chunks.add(new Chunk(dim));
            }
            Chunk chunk = chunks.get(row / CHUNK_ROWS);
            chunk.items[row % CHUNK_ROWS] = embedding.item();
            chunk.replace(row % CHUNK_ROWS, embedding, vector, publishedAt);
            rows.put(embedding.item(), row);
            size = row + 1;
        } finally {
            membership.writeLock().unlock();
        }
    }

    private void check(float[] vector) {
        if (vector.length != dim) {
            throw new IllegalArgumentException("the vector has " + vector.length + " components, the index has " + dim);
        }
        for (float component : vector) {
            if (!Float.isFinite(component)) {
                throw new IllegalArgumentException("the vector has a component of " + component);
            }
        }
    }

    /** Some rows, and the lock under which their vectors are replaced. */
    private static final class Chunk {
        final String[] items = new String[CHUNK_ROWS];
        final Features[] attributes = new Features[CHUNK_ROWS];
        private final StampedLock lock = new StampedLock();
        private final int dim;
        private final float[] vectors;
        private final long[] steps = new long[CHUNK_ROWS];
        private final long[] eventTimes = new long[CHUNK_ROWS];
        private final long[] publications = new long[CHUNK_ROWS];
        private final double[] published = new double[CHUNK_ROWS]; // numbers of popularity, each as of its event time
        private final float[] numbers = new float[CHUNK_ROWS]; // the same, as of one moment
        private volatile Moment asOf = new Moment(0, 0);

        Chunk(int dim) {
            this.dim = dim;
            this.vectors = new float[CHUNK_ROWS * dim];
        }

        /** Copies the steps of the first rows, and answers their oldest publication. */
        long copySteps(int count, long[] into, int at) {
            long stamp = lock.readLock();
            try {
                System.arraycopy(steps, 0, into, at, count);
                long oldest = Long.MAX_VALUE;
                for (int row = 0; row < count; row++) {
                    oldest = Math.min(oldest, publications[row]);
                }
                return oldest;
            } finally {
                lock.unlockRead(stamp);
            }
        }

        void replace(int row, ItemEmbedding embedding, float[] vector, long publishedAt) {
            long stamp = lock.writeLock();
            try {
                System.arraycopy(vector, 0, vectors, row * dim, dim);
                steps[row] = embedding.step();
                eventTimes[row] = embedding.eventTime();
                publications[row] = publishedAt;
                attributes[row] = embedding.attributes();
                published[row] = embedding.popularity().number();
                numbers[row] = asOf.number(published[row], eventTimes[row]);
            } finally {
                lock.unlockWrite(stamp);
            }
        }

        /** Fills a row from another chunk's, and gives the item that is in it now. */
        String copyRow(int row, Chunk from, int fromRow) {
            long stamp = lock.writeLock();
            try {
                System.arraycopy(from.vectors, fromRow * dim, vectors, row * dim, dim);
                steps[row] = from.steps[fromRow];
                eventTimes[row] = from.eventTimes[fromRow];
                publications[row] = from.publications[fromRow];
                published[row] = from.published[fromRow];
                numbers[row] = asOf.number(published[row], eventTimes[row]);
                attributes[row] = from.attributes[fromRow];
                items[row] = from.items[fromRow];
                return items[row];
            } finally {
                lock.unlockWrite(stamp);
            }
        }

        IndexedItem read(int row) {
            long stamp = lock.readLock();
            try {
                float[] vector = new float[dim];
                System.arraycopy(vectors, row * dim, vector, 0, dim);
                return new IndexedItem(
                        items[row],
                        vector,
                        steps[row],
                        eventTimes[row],
                        publications[row],
                        published[row],
                        attributes[row]);
            } finally {
                lock.unlockRead(stamp);
            }
        }

        /** Lets the numbers of popularity be as of that moment, or of a later one if they are already. */
        void bringTo(Moment moment) {
            if (isAsOf(moment)) {
                return;
            }
            long stamp = lock.writeLock();
            try {
                if (!isAsOf(moment)) {
                    for (int row = 0; row < CHUNK_ROWS; row++) {
                        numbers[row] = moment.number(published[row], eventTimes[row]);
                    }
                    asOf = moment;
                }
            } finally {
                lock.unlockWrite(stamp);
            }
        }

        private boolean isAsOf(Moment moment) {
            return asOf.halfLife == moment.halfLife && asOf.time >= moment.time;
        }

        /** @param scores [count] filled with the inner products of the first rows, and weight times their popularity */
        void score(float[] query, float weight, int count, float[] scores) {
            long optimistic = lock.tryOptimisticRead();
            if (optimistic != 0) {
                score(query, weight, scores, count);
                if (lock.validate(optimistic)) {
                    return;
                }
            }
            long stamp = lock.readLock();
            try {
                score(query, weight, scores, count);
            } finally {
                lock.unlockRead(stamp);
            }
        }

        float score(float[] query, int row) {
            long optimistic = lock.tryOptimisticRead();
            float score = innerProduct(query, 0, vectors, row * dim, dim);
            if (optimistic != 0 && lock.validate(optimistic)) {
                return score;
            }
            long stamp = lock.readLock();
            try {
                return innerProduct(query, 0, vectors, row * dim, dim);
            } finally {
                lock.unlockRead(stamp);
            }
        }

        private void score(float[] query, float weight, float[] scores, int count) {
            for (int row = 0; row < count; row++) {
                scores[row] = innerProduct(query, 0, vectors, row * dim, dim);
            }
            if (weight != 0) {
                for (int row = 0; row < count; row++) {
                    scores[row] += weight * numbers[row];
                }
            }
        }
    }

    /**
     * Eight sums that do not wait for each other, added up in a fixed order.
     *
     * @param dim components, of one vector from {@code from} and of the other from {@code otherFrom} on
     */
    static float innerProduct(float[] one, int from, float[] other, int otherFrom, int dim) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int eights = dim & ~7;
        for (int at = 0; at < eights; at += 8) {
            int left = from + at;
            int right = otherFrom + at;
            s0 += one[left] * other[right];
            s1 += one[left + 1] * other[right + 1];
            s2 += one[left + 2] * other[right + 2];
            s3 += one[left + 3] * other[right + 3];
            s4 += one[left + 4] * other[right + 4];
            s5 += one[left + 5] * other[right + 5];
            s6 += one[left + 6] * other[right + 6];
            s7 += one[left + 7] * other[right + 7];
        }
        for (int at = eights; at < dim; at++) {
            s0 += one[from + at] * other[otherFrom + at];
        }
        return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
    }
}
