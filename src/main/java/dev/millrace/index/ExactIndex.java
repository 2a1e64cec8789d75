package dev.millrace.index;

import dev.millrace.event.Features;
import dev.millrace.model.engine.Loops;
import dev.millrace.publish.ItemEmbedding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;

/**
 * The item vectors of one generation, searched exactly, while they change.
 *
 * <p>One writer and any number of readers at a time. A reader never sees half a vector, and never the same item twice in one
 * search; two vectors of one answer may be of two steps of the same generation.
 */
public final class ExactIndex implements NearestItems {

    /*
     * Layout. Rows are numbered without gaps: row r lies in chunk r / ROWS, its vector flat in the chunk's array. A
     * removed row is filled by the last one, so a scan reads memory from front to back and skips nothing.
     *
     * Locks. `membership` guards which item is in which row: a search holds its read side for the whole scan; the write side
     * is taken only when an item comes or goes. Replacing the vector of an item that is here, which is what every publication
     * and every sweep does, takes no more than the stamped lock of its chunk. A search reads a chunk optimistically into its
     * own array of scores, and a second time under the lock if a writer was at work in that chunk meanwhile.
     *
     * Bytes first, floats last. A row is also kept in bytes. From these a search gets a bound for each row's score (ByteVector), and computes the
     * score itself only if the bound is not below the worst of the best so far. So the answer is that of the floats alone, to the bit, for a
     * quarter of the memory that is read. Without the Vector API the floats are read at once.
     *
     * Cost. A search: rows * dim multiplications of bytes. A replaced vector: a map look-up and a copy of dim floats; it waits for no
     * search, except one that met a writer in the same chunk and scans that chunk again. An item that comes or goes waits for
     * the searches under way, and searches that start meanwhile wait with it: one scan at most.
     *
     * Popularity. A row keeps the number that was published with its vector, as of the vector's event time; between clicks a number
     * only decays, so nobody publishes that. A chunk has its numbers also as of one moment, `asOf`, for searches to add. When
     * the newest event time has moved so far on that a number may have fallen by MAX_MOVE, the moment moves, and the next search
     * that asks for popularity brings a chunk there, under the chunk's lock, as a writer would. That happens once in MAX_MOVE / ln 2
     * half-lives. A search without popularity reads none of it.
     */
    private static final double MAX_NUMBER = 700; // e to its power is a double

    private final int dim;
    private final ReadWriteLock membership = new ReentrantReadWriteLock();
    private final Map<String, Integer> rows = new HashMap<>();
    private final List<IndexChunk> chunks = new ArrayList<>();
    private volatile int size;
    private volatile long newestStep;
    private volatile long newestEventTime;
    private volatile long newestPublication;
    private volatile PopularityMoment moment = PopularityMoment.NONE;

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

    /** How old the vectors are. Copies the step of every row, and sorts; an item that comes or goes waits meanwhile. */
    public VectorAges ages() {
        membership.readLock().lock();
        try {
            int left = size;
            long[] steps = new long[left];
            long oldest = Long.MAX_VALUE;
            int at = 0;
            for (IndexChunk chunk : chunks) {
                int count = Math.min(left, IndexChunk.ROWS);
                oldest = Math.min(oldest, chunk.copySteps(count, steps, at));
                at += count;
                left -= count;
            }
            return VectorAges.of(steps, newestStep, oldest);
        } finally {
            membership.readLock().unlock();
        }
    }

    /** How old the oldest vectors are. Reads every row once; an item that comes or goes waits meanwhile. */
    public GreatestAges greatestAges() {
        membership.readLock().lock();
        try {
            if (size == 0) {
                return GreatestAges.NONE;
            }
            int left = size;
            long step = Long.MAX_VALUE;
            long publication = Long.MAX_VALUE;
            for (IndexChunk chunk : chunks) {
                int count = Math.min(left, IndexChunk.ROWS);
                step = Math.min(step, chunk.oldestStep(count));
                publication = Math.min(publication, chunk.oldestPublication(count));
                left -= count;
            }
            return new GreatestAges(newestStep - step, publication);
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
            chunks.get(row / IndexChunk.ROWS).replace(row % IndexChunk.ROWS, embedding, vector, publishedAt);
        }
        if (moment.isFollowedBy(embedding)) {
            moment = moment.next(embedding);
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
            IndexChunk tail = chunks.get(last / IndexChunk.ROWS);
            if (row != last) {
                String moved =
                        chunks.get(row / IndexChunk.ROWS).copyRow(row % IndexChunk.ROWS, tail, last % IndexChunk.ROWS);
                rows.put(moved, row);
            }
            rows.remove(item);
            tail.clear(last % IndexChunk.ROWS);
            size = last;
            if (last % IndexChunk.ROWS == 0) {
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
     * newest event time here, or up to {@value PopularityMoment#MAX_MOVE} more.
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
     * @param filter called only for items that may be among the best, in the order of the rows
     */
    public List<ScoredItem> search(float[] query, int k, Predicate<String> excluded, ItemFilter filter, float weight) {
        check(query);
        if (!Float.isFinite(weight)) {
            throw new IllegalArgumentException("weight = " + weight + ": must be finite");
        }
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
        BestItems best = new BestItems(k, size);
        Loops loops = Loops.now();
        boolean areBytesFirst = loops.areBytesFast();
        ByteVector inBytes = ByteVector.of(query);
        int[] sums = new int[IndexChunk.ROWS];
        float[] bounds = new float[IndexChunk.ROWS];
        PopularityMoment now = moment;
        membership.readLock().lock();
        try {
            int left = size;
            for (IndexChunk chunk : chunks) {
                int count = Math.min(left, IndexChunk.ROWS);
                if (weight != 0) {
                    chunk.bringTo(now);
                }
                if (areBytesFirst) {
                    chunk.bound(inBytes, weight, count, sums, bounds);
                } else {
                    chunk.score(query, weight, count, bounds);
                }
                left -= count;
                if (loops.max(bounds, 0, count) < best.worst()) {
                    continue; // as most are, once the best are found
                }
                for (int at = 0; at < count; at++) {
                    if (bounds[at] < best.worst()) {
                        continue;
                    }
                    String item = chunk.item(at);
                    if (filter.passes(chunk.attributes(at)) && !excluded.test(item)) {
                        float score = areBytesFirst ? chunk.score(query, weight, at) : bounds[at];
                        if (best.admits(item, score)) {
                            best.add(item, score);
                        }
                    }
                }
            }
        } finally {
            membership.readLock().unlock();
        }
        return best.bestFirst();
    }

    /** What is known of an item. */
    public Optional<IndexedItem> item(String item) {
        membership.readLock().lock();
        try {
            return Optional.ofNullable(rows.get(item))
                    .map(row -> chunks.get(row / IndexChunk.ROWS).read(row % IndexChunk.ROWS));
        } finally {
            membership.readLock().unlock();
        }
    }

    /** At most so many of the items, evenly chosen from the first to come to the last. */
    List<IndexedItem> someItems(int most) {
        List<IndexedItem> some = new ArrayList<>();
        membership.readLock().lock();
        try {
            int count = Math.min(most, size);
            for (int at = 1; at <= count; at++) {
                int row = (int) ((long) at * size / count) - 1;
                some.add(chunks.get(row / IndexChunk.ROWS).read(row % IndexChunk.ROWS));
            }
        } finally {
            membership.readLock().unlock();
        }
        return some;
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
        for (int from = 0; from < count; from += IndexChunk.ROWS) {
            IndexChunk chunk = chunks.get(from / IndexChunk.ROWS);
            int rows = Math.min(IndexChunk.ROWS, count - from);
            chunk.copyTo(items, vectors, attributes, from, rows);
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
                    scored.add(new ScoredItem(
                            item, chunks.get(row / IndexChunk.ROWS).score(query, 0, row % IndexChunk.ROWS)));
                }
            }
        } finally {
            membership.readLock().unlock();
        }
        return scored;
    }

    private void append(ItemEmbedding embedding, float[] vector, long publishedAt) {
        membership.writeLock().lock();
        try {
            int row = size;
            if (row == chunks.size() * IndexChunk.ROWS) {
                chunks.add(new IndexChunk(dim));
            }
            IndexChunk chunk = chunks.get(row / IndexChunk.ROWS);
            chunk.take(row % IndexChunk.ROWS, embedding, vector, publishedAt);
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
}
