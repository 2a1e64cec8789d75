package dev.millrace.index;

import dev.millrace.event.Features;
import dev.millrace.popularity.PriorWeights.Young;
import dev.millrace.publish.ItemEmbedding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * The item vectors of one generation, searched exactly, while they change.
 *
 * <p>One writer and any number of readers at a time. A reader never sees half a vector, and never the same item twice in one
 * search; two vectors of one answer may be of two steps of the same generation.
 */
public final class ItemIndex {

    /*
     * Layout. Rows are numbered without gaps: row r lies in chunk r / ROWS, its vector flat in the chunk's array. A
     * removed row is filled by the last one, so a scan reads memory from front to back and skips nothing.
     *
     * Locks. `membership` guards which item is in which row: a search holds its read side for the whole scan; the write side
     * is taken only when an item comes or goes. Replacing the vector of an item that is here, which is what every publication
     * and every sweep does, takes no more than the stamped lock of its chunk. A search reads a chunk optimistically into its
     * own arrays, and a second time under the lock if a writer was at work in that chunk meanwhile.
     *
     * Bytes first, floats last. A row is also kept in bytes. From these a search gets bounds for each row's score (ByteVector). It keeps
     * the rows that may be among the best (Contenders), and computes scores only of those that still may be when all bounds are known. So
     * the answer is that of the floats alone, to the bit, for a quarter of the memory that is read. Without the Vector API the floats are
     * read at once. If a writer meanwhile made a row worse for which others were dropped, the search scans again.
     *
     * Cost. A search: rows * dim multiplications of bytes. A replaced vector: a look-up of its id and a copy of dim floats; it waits for no
     * search, except one that met a writer in the same chunk and scans that chunk again. An item that comes or goes waits for
     * the searches under way, and searches that start meanwhile wait with it: one scan, as a rule.
     *
     * Filters. A chunk has its rows' attributes in columns, as numbers, and a search asks its filter once about each value (SelectedRows). A narrow
     * filter is asked of all rows of a chunk before any is scored, and the few that pass are scored at once.
     *
     * Popularity and age. A row keeps the numbers of popularity that were published with its vector, one for each half-life, as of the
     * vector's event time. It also keeps the time that its age counts from. Between clicks a number only decays, so nobody publishes that.
     * A chunk has popularity by one half-life, and ages, also as of one moment, `asOf`, for searches to add. That moment moves when, by the
     * newest event time, one of these may be off by MAX_MOVE: once in MAX_MOVE hours, and in MAX_MOVE / ln 2 half-lives. The next search
     * that asks for it brings each chunk there, under the chunk's lock, as a writer would. So does a search that asks for another
     * half-life. A search without such weights reads none of it.
     *
     * What a search adds to some items is added to their bounds, too. So are boosts; a search asks once what each value adds (BoostedRows).
     *
     * Quotas. Where many items of one value score best, no floor says which others are found. So a search with quotas ranks all rows by their bounds
     * (RankedRows) and scores the first. Rows of values that have their number of items are dropped as they lead and, if these are many, all at once.
     */
    private static final double MAX_NUMBER = 700; // e to its power is a double
    private static final int SCANS = 5; // of a search, at most; one that no writer meets needs one

    /**
     * What popularity and ages by one half-life are brought to.
     *
     * @param time of events, epoch milliseconds
     * @param halfLife milliseconds; 0 if nothing was published by it
     */
    public record Moment(long time, long halfLife) {}

    /**
     * What an index has beside its rows.
     *
     * @param items how many can be found
     * @param moments by half-life
     */
    public record AsOf(int items, List<Moment> moments) {

        public AsOf {
            moments = List.copyOf(moments);
        }
    }

    private final int dim;
    private final ReadWriteLock membership = new ReentrantReadWriteLock();
    private final List<IndexChunk> chunks = new ArrayList<>();
    private final ItemRows rows = new ItemRows(this::itemIn);
    private final AttributeColumns.Names attributes = new AttributeColumns.Names();
    private volatile int size;
    private volatile long newestStep;
    private volatile long newestPublication;
    private volatile PriorMoment[] moments = {PriorMoment.none(0)}; // by half-life; never changed in place

    /** @param dim width of the vectors */
    public ItemIndex(int dim) {
        if (dim < 1) {
            throw new IllegalArgumentException("dim = " + dim + ": must be at least 1");
        }
        this.dim = dim;
    }

    /** Width of the vectors. */
    public int dim() {
        return dim;
    }

    /** Items that can be found. */
    public int size() {
        return size;
    }

    /** Latest learning step among the vectors taken in so far; 0 before the first. */
    public long newestStep() {
        return newestStep;
    }

    /** How old the vectors are. Copies the step of every row, for which an item that comes or goes waits, and sorts the copies. */
    public VectorAges ages() {
        long[] steps;
        long newest;
        long oldest = Long.MAX_VALUE;
        membership.readLock().lock();
        try {
            int left = size;
            steps = new long[left];
            int at = 0;
            for (IndexChunk chunk : chunks) {
                int count = Math.min(left, IndexChunk.ROWS);
                oldest = Math.min(oldest, chunk.copySteps(count, steps, at));
                at += count;
                left -= count;
            }
            newest = newestStep;
        } finally {
            membership.readLock().unlock();
        }
        return VectorAges.of(steps, newest, oldest);
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
        for (float popularity : embedding.popularity().numbers()) {
            if (!(popularity >= 0 && popularity <= MAX_NUMBER)) {
                throw new IllegalArgumentException("the popularity is " + popularity);
            }
        }
        OptionalInt known = rows.row(embedding.item());
        if (known.isPresent()) {
            int row = known.getAsInt();
            chunkOf(row).replace(row % IndexChunk.ROWS, embedding, vector, publishedAt);
        } else {
            append(embedding, vector, publishedAt);
        }
        follow(embedding);
        newestStep = Math.max(newestStep, embedding.step());
        newestPublication = Math.max(newestPublication, publishedAt);
    }

    /** Removes an item; nothing happens if it is not here. Writer only. */
    public void remove(String item) {
        OptionalInt known = rows.row(item);
        if (known.isEmpty()) {
            return;
        }
        int row = known.getAsInt();
        membership.writeLock().lock();
        try {
            int last = size - 1;
            IndexChunk tail = chunkOf(last);
            rows.remove(row);
            if (row != last) {
                rows.move(last, row);
                chunkOf(row).copyRow(row % IndexChunk.ROWS, tail, last % IndexChunk.ROWS);
            }
            tail.clear(last % IndexChunk.ROWS);
            size = last;
            if (last % IndexChunk.ROWS == 0) {
                chunks.remove(chunks.size() - 1);
            }
        } finally {
            membership.writeLock().unlock();
        }
    }

    /**
     * The items that score best, in the search's arrangement. A score is {@code <query, vector>}, plus what the weights of {@link
     * Search#prior} add, plus what the search adds to the item. The numbers that the weights weigh are as of the newest event time here, or
     * up to {@value PriorMoment#MAX_MOVE} off.
     *
     * @return best first, as {@link ScoredItem#BEST_FIRST} says, unless the arrangement says otherwise
     * @throws IllegalArgumentException if the query has another width or a component that is not finite
     */
    public List<ScoredItem> search(Search search) {
        if (search.arrangement().exploration().isPresent()) {
            return draw(search).items();
        }
        check(search.query());
        membership.readLock().lock();
        try {
            return search.arrangement().isByScore() ? best(search, addedRows(search), false) : arranged(search);
        } finally {
            membership.readLock().unlock();
        }
    }

    /**
     * An answer that is drawn, as the search's {@link Exploration} has it, from the items that the search would find and from those that are pinned.
     *
     * @throws IllegalArgumentException as {@link #search} does
     */
    public Draw draw(Search search) {
        check(search.query());
        Arrangement arrangement = search.arrangement();
        membership.readLock().lock();
        try {
            AddedRows added = addedRows(search);
            Collection<ScoredItem> pinned =
                    pinned(search, scan(search, added, false)).values();
            List<ScoredItem> candidates = new ArrayList<>(pinned);
            Exploration exploration = arrangement.exploration().orElseThrow();
            Search others = search.besides(pinned, exploration.best());
            candidates.addAll(best(others, added, false));
            List<ScoredItem> newcomers = exploration.slots() == 0 ? List.of() : best(others, added, true);
            return Draw.of(
                    arrangement,
                    search.k(),
                    candidates.stream()
                            .map(each -> candidate(each, arrangement))
                            .toList(),
                    newcomers.stream()
                            .map(each -> new Draw.Newcomer(candidate(each, arrangement), clicksHere(each.item())))
                            .filter(each -> Draw.Newcomer.is(each.clicks())) // may have been clicked meanwhile
                            .toList());
        } finally {
            membership.readLock().unlock();
        }
    }

    private Draw.Candidate candidate(ScoredItem found, Arrangement arrangement) {
        return new Draw.Candidate(
                found.item(),
                found.score(),
                Quotas.values(attributesHere(found.item()), arrangement.atMost().keySet()));
    }

    /** @param isOfNewcomers whether only {@link Draw.Newcomer newcomers} are wanted */
    private List<ScoredItem> best(Search search, AddedRows added, boolean isOfNewcomers) {
        Scan scan;
        int scans = 0;
        do {
            scan = scan(search, added, isOfNewcomers);
        } while (!scan.go(chunks, size) && ++scans < SCANS);
        return scan.found();
    }

    private Scan scan(Search search, AddedRows added, boolean isOfNewcomers) {
        return new Scan(search, added, isOfNewcomers, moment(search.prior().halfLife()), attributes, size);
    }

    /** Pinned items are chosen before all others, which then take the places that are left. */
    private List<ScoredItem> arranged(Search search) {
        Arrangement arrangement = search.arrangement();
        AddedRows added = addedRows(search);
        SortedMap<Integer, ScoredItem> pinned = pinned(search, scan(search, added, false));
        Quotas quotas = new Quotas(arrangement.atMost(), attributes);
        MarginalRelevance relevance =
                new MarginalRelevance(arrangement.diversity().orElse(1), this::vectorHere);
        for (ScoredItem item : pinned.values()) {
            quotas.take(attributesHere(item.item()));
            relevance.take(item.item());
        }
        int wanted = search.k() - pinned.size();
        if (wanted == 0) {
            return List.copyOf(pinned.values());
        }
        boolean isDiverse = arrangement.diversity().isPresent();
        Search others = search.besides(pinned.values(), isDiverse ? MarginalRelevance.candidates(search.k()) : wanted);
        List<ScoredItem> found = arrangement.atMost().isEmpty()
                ? best(others, added, false)
                : scan(others, added, false).within(quotas, chunks, size);
        return placed(pinned, isDiverse ? relevance.choose(found, wanted) : found);
    }

    private SortedMap<Integer, ScoredItem> pinned(Search search, Scan scan) {
        SortedMap<Integer, ScoredItem> pinned = new TreeMap<>();
        search.arrangement().pins().forEach((item, place) -> {
            OptionalInt row = rows.row(item);
            if (row.isPresent() && !search.excluded().test(item)) {
                scan.passing(chunkOf(row.getAsInt()), row.getAsInt()).ifPresent(found -> pinned.put(place, found));
            }
        });
        return pinned;
    }

    /** Where others run out, pinned items move up. */
    static List<ScoredItem> placed(SortedMap<Integer, ScoredItem> pinned, List<ScoredItem> others) {
        List<ScoredItem> placed = new ArrayList<>(others);
        pinned.forEach((place, item) -> placed.add(Math.min(place - 1, placed.size()), item));
        return placed;
    }

    /**
     * What the places of the items that a search found come from, as of now.
     *
     * @param found in their places
     * @return [found]
     */
    public List<Placed> placed(Search search, List<ScoredItem> found) {
        Arrangement arrangement = search.arrangement();
        if (arrangement.isByScore()) {
            return Collections.nCopies(found.size(), Placed.BY_SCORE);
        }
        Quotas quotas = new Quotas(arrangement.atMost(), attributes);
        MarginalRelevance relevance =
                new MarginalRelevance(arrangement.diversity().orElse(1), this::vectorHere);
        Map<String, Placed> placed = new HashMap<>();
        membership.readLock().lock();
        try {
            Stream.of(true, false)
                    .flatMap(isPinned -> found.stream()
                            .map(ScoredItem::item)
                            .filter(item -> arrangement.pins().containsKey(item) == isPinned))
                    .forEach(item -> {
                        int pin = arrangement.pins().getOrDefault(item, 0);
                        boolean isChosen = pin == 0 && arrangement.diversity().isPresent();
                        float nearest = isChosen ? relevance.nearest(item) : 0;
                        relevance.take(item);
                        placed.put(item, new Placed(pin, quotas.take(attributesHere(item)), nearest));
                    });
        } finally {
            membership.readLock().unlock();
        }
        return found.stream()
                .map(each -> placed.getOrDefault(each.item(), Placed.BY_SCORE))
                .toList();
    }

    private Features attributesHere(String item) {
        OptionalInt row = rows.row(item);
        return row.isPresent() ? chunkOf(row.getAsInt()).attributes(row.getAsInt() % IndexChunk.ROWS) : Features.NONE;
    }

    private int clicksHere(String item) {
        OptionalInt row = rows.row(item);
        return row.isEmpty() ? Young.GROWN : chunkOf(row.getAsInt()).clicks(row.getAsInt() % IndexChunk.ROWS);
    }

    private float[] vectorHere(String item) {
        OptionalInt row = rows.row(item);
        return row.isPresent() ? chunkOf(row.getAsInt()).vector(row.getAsInt() % IndexChunk.ROWS) : new float[dim];
    }

    private AddedRows addedRows(Search search) {
        long[] added = new long[search.added().size()];
        int count = 0;
        for (Map.Entry<String, Float> each : search.added().entrySet()) {
            OptionalInt row = rows.row(each.getKey());
            if (row.isPresent()) {
                added[count++] = AddedRows.entry(row.getAsInt(), each.getValue());
            }
        }
        return new AddedRows(Arrays.copyOf(added, count));
    }

    /** What an item's score in a search is the sum of, as of now. */
    public Optional<ScoreParts> parts(Search search, String item) {
        PriorMoment now = moment(search.prior().halfLife());
        membership.readLock().lock();
        try {
            OptionalInt row = rows.row(item);
            if (row.isEmpty()) {
                return Optional.empty();
            }
            IndexChunk chunk = chunkOf(row.getAsInt());
            int inChunk = row.getAsInt() % IndexChunk.ROWS;
            float added = search.added().getOrDefault(item, 0f);
            float boost =
                    BoostedRows.of(search.arrangement().boosts(), attributes).of(chunk.attributes(inChunk));
            return Optional.of(chunk.parts(search.query(), search.prior(), now, added, boost, inChunk));
        } finally {
            membership.readLock().unlock();
        }
    }

    /** Newest event time among the vectors, to which popularity and ages are brought, or a little before; epoch milliseconds. */
    public long time() {
        return Arrays.stream(moments).mapToLong(PriorMoment::time).max().orElse(0);
    }

    /** The number of items, and the moments. Both depend on the order in which the vectors of several partitions came. */
    public AsOf asOf() {
        return new AsOf(
                size,
                Arrays.stream(moments)
                        .map(moment -> new Moment(moment.time(), moment.halfLife()))
                        .toList());
    }

    /** Brings popularity and ages to the moments of an index that had the same vectors. They must not be earlier than those of the last search. Writer only. */
    public void bringTo(List<Moment> others) {
        PriorMoment[] next = new PriorMoment[others.size()];
        Arrays.setAll(
                next,
                which -> new PriorMoment(
                        others.get(which).time(), which, others.get(which).halfLife()));
        moments = next;
    }

    private PriorMoment moment(int which) {
        PriorMoment[] now = moments;
        return which < now.length ? now[which] : PriorMoment.none(which); // nothing is published by it
    }

    private void follow(ItemEmbedding embedding) {
        List<Long> halfLives = embedding.popularity().halfLives();
        PriorMoment[] next = moments;
        for (int which = 0; which < Math.max(next.length, halfLives.size()); which++) {
            PriorMoment after =
                    moment(which).after(embedding.eventTime(), which < halfLives.size() ? halfLives.get(which) : 0);
            if (which >= next.length || !after.equals(next[which])) {
                next = Arrays.copyOf(next, Math.max(next.length, which + 1));
                next[which] = after;
            }
        }
        moments = next;
    }

    /** What is known of an item. */
    public Optional<IndexedItem> item(String item) {
        membership.readLock().lock();
        try {
            OptionalInt row = rows.row(item);
            return row.isPresent() ? Optional.of(read(row.getAsInt())) : Optional.empty();
        } finally {
            membership.readLock().unlock();
        }
    }

    /** At most so many of the items, evenly chosen from the first to come to the last. An item that comes or goes waits meanwhile. */
    public List<IndexedItem> someItems(int most) {
        List<IndexedItem> some = new ArrayList<>();
        membership.readLock().lock();
        try {
            int count = Math.min(most, size);
            for (int at = 1; at <= count; at++) {
                int row = (int) ((long) at * size / count) - 1;
                some.add(read(row));
            }
        } finally {
            membership.readLock().unlock();
        }
        return some;
    }

    /** Whether items have had an attribute, and none as a number: bounds on it can let nothing pass. */
    public boolean isNoNumber(String attribute) {
        return attributes.isNoQuantity(attribute);
    }

    /** By how many clicks so far an item is young, as {@link Young#youth} has it; not, if it is not here. */
    public int youth(String item) {
        membership.readLock().lock();
        try {
            return Young.youth(clicksHere(item));
        } finally {
            membership.readLock().unlock();
        }
    }

    /** An item's vector, [dim], a copy. */
    public Optional<float[]> vector(String item) {
        return item(item).map(IndexedItem::vector);
    }

    private void append(ItemEmbedding embedding, float[] vector, long publishedAt) {
        rows.makeRoom();
        membership.writeLock().lock();
        try {
            int row = size;
            if (row == chunks.size() * IndexChunk.ROWS) {
                chunks.add(new IndexChunk(dim, attributes));
            }
            chunkOf(row).take(row % IndexChunk.ROWS, embedding, vector, publishedAt);
            rows.add(row);
            size = row + 1;
        } finally {
            membership.writeLock().unlock();
        }
    }

    private IndexChunk chunkOf(int row) {
        return chunks.get(row / IndexChunk.ROWS);
    }

    private IndexedItem read(int row) {
        return chunkOf(row).read(row % IndexChunk.ROWS);
    }

    private String itemIn(int row) {
        return chunkOf(row).item(row % IndexChunk.ROWS);
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
