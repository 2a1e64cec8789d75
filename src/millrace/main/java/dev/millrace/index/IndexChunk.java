package dev.millrace.index;

import dev.millrace.catalogue.ItemAge;
import dev.millrace.event.Features;
import dev.millrace.model.engine.Loops;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.popularity.PriorWeights.Young;
import dev.millrace.publish.ItemEmbedding;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.StampedLock;

/**
 * Some rows of an {@link ItemIndex}, and the lock under which their vectors are replaced.
 *
 * <p>The index guards which item is in which row. The chunk's own lock guards the numbers of its rows: vectors, steps, times,
 * popularity and attributes' columns. A search reads attributes without it, as each is replaced whole. One writer and any number of readers at a time.
 */
final class IndexChunk {

    /** Rows of a chunk: some blocks of bytes, so many that memory is read from front to back for a while. */
    static final int ROWS = 16 * Loops.BYTE_BLOCK;

    private final String[] items = new String[ROWS];
    private final Features[] attributes = new Features[ROWS];
    private final StampedLock lock = new StampedLock();
    private final int dim;
    private final float[] vectors;
    /** The vectors in bytes, in blocks of {@link Loops#byteProducts}; [ROWS] the step, and the lengths of {@link ByteVector#bounds}. */
    private final byte[] bytes;

    private final float[] scales = new float[ROWS];
    private final float[] left = new float[ROWS];
    private final float[] kept = new float[ROWS];
    private final long[] steps = new long[ROWS];
    private final long[] eventTimes = new long[ROWS];
    private final long[] publications = new long[ROWS];
    /** [half-lives][ROWS] numbers of popularity, each as of its event time. */
    private float[][] published = new float[1][ROWS];

    /** [ROWS] of {@link dev.millrace.publish.PublishedPopularity#clicks} */
    private final byte[] clicks = new byte[ROWS];

    private final long[] itemTimes = new long[ROWS];
    private final float[] numbers = new float[ROWS]; // popularity as of one moment, by one half-life
    private final float[] ages = new float[ROWS]; // as of the same moment
    private final AttributeColumns columns;
    private volatile PriorMoment asOf = PriorMoment.none(0);

    /** @param names of the attributes of all chunks */
    IndexChunk(int dim, AttributeColumns.Names names) {
        this.dim = dim;
        this.columns = new AttributeColumns(names, ROWS);
        Arrays.fill(attributes, Features.NONE);
        this.vectors = new float[ROWS * dim];
        this.bytes = new byte[ROWS * ByteVector.evenWidth(dim)];
    }

    /** Copies the steps of the first rows. Returns their oldest publication. */
    long copySteps(int count, long[] into, int at) {
        long stamp = lock.readLock();
        try {
            System.arraycopy(steps, 0, into, at, count);
            return Arrays.stream(publications, 0, count).min().orElse(Long.MAX_VALUE);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** The item of a row. */
    String item(int row) {
        return items[row];
    }

    /** The attributes of a row's item. */
    Features attributes(int row) {
        return attributes[row];
    }

    /** Fills an empty row. */
    void take(int row, ItemEmbedding embedding, float[] vector, long publishedAt) {
        items[row] = embedding.item();
        replace(row, embedding, vector, publishedAt);
    }

    /** Lets go of a row's item, so that it can be collected. */
    void clear(int row) {
        items[row] = "";
        describe(row, Features.NONE);
    }

    /** Replaces what is known of a row's item. */
    void replace(int row, ItemEmbedding embedding, float[] vector, long publishedAt) {
        long stamp = lock.writeLock();
        try {
            System.arraycopy(vector, 0, vectors, row * dim, dim);
            copyToBytes(row, vector);
            steps[row] = embedding.step();
            eventTimes[row] = embedding.eventTime();
            publications[row] = publishedAt;
            describe(row, embedding.attributes());
            publish(row, embedding.popularity().numbers());
            clicks[row] = (byte) embedding.popularity().clicks();
            itemTimes[row] = embedding.itemTime();
            bringTo(asOf, row);
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /** Fills a row from another chunk's. */
    void copyRow(int row, IndexChunk from, int fromRow) {
        long stamp = lock.writeLock();
        try {
            System.arraycopy(from.vectors, fromRow * dim, vectors, row * dim, dim);
            copyToBytes(row, Arrays.copyOfRange(from.vectors, fromRow * dim, (fromRow + 1) * dim));
            steps[row] = from.steps[fromRow];
            eventTimes[row] = from.eventTimes[fromRow];
            publications[row] = from.publications[fromRow];
            publish(row, from.published(fromRow));
            clicks[row] = from.clicks[fromRow];
            itemTimes[row] = from.itemTimes[fromRow];
            bringTo(asOf, row);
            describe(row, from.attributes[fromRow]);
            items[row] = from.items[fromRow];
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /** Most publications of an item have the attributes of the one before. */
    private void describe(int row, Features now) {
        if (!attributes[row].equals(now)) {
            columns.replace(row, attributes[row], now);
            attributes[row] = now;
        }
    }

    /** Selects the passing ones of the first rows. */
    void selectPassing(SelectedRows selected, int count) {
        long stamp = lock.readLock();
        try {
            selected.selectPassing(columns, attributes, clicks, count);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** Keeps the selected rows that pass. */
    void keepPassing(SelectedRows selected) {
        long stamp = lock.readLock();
        try {
            selected.keepPassing(columns, attributes, clicks);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** Sums up what the boosts add to the first rows. */
    void sumUp(BoostedRows boosted, int count) {
        long stamp = lock.readLock();
        try {
            boosted.sumUp(columns, attributes, count);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** Whether a value of a row is known to have as many items as it may. */
    boolean isBlocked(Quotas quotas, int row) {
        long stamp = lock.readLock();
        try {
            return quotas.isBlocked(columns, row);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** Remembers which values of a row have as many items as they may, unless its attributes are others by now. */
    void block(Quotas quotas, Features item, int row) {
        long stamp = lock.readLock();
        try {
            if (attributes[row].equals(item)) {
                quotas.block(columns, item, row);
            }
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /**
     * Drops the rows, of so many first ones, of which something is full.
     *
     * @param first number of the chunk's first row
     */
    void dropBlocked(Quotas quotas, RankedRows ranked, int first, int count) {
        long stamp = lock.readLock();
        try {
            quotas.dropBlocked(columns, ranked, first, count);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** A row's vector, [dim], a copy. */
    float[] vector(int row) {
        long stamp = lock.readLock();
        try {
            return Arrays.copyOfRange(vectors, row * dim, (row + 1) * dim);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    private void copyToBytes(int row, float[] vector) {
        ByteVector inBytes = ByteVector.of(vector);
        int width = ByteVector.evenWidth(dim);
        for (int d = 0; d < dim; d++) {
            bytes[Loops.byteAt(width, d, row)] = (byte) inBytes.numbers()[d];
        }
        scales[row] = inBytes.scale();
        left[row] = inBytes.left();
        kept[row] = inBytes.kept();
    }

    /** What is known of a row's item. */
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
                    published(row),
                    attributes[row]);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** Clicks on a row's item so far, as {@link dev.millrace.publish.PublishedPopularity#clicks} has them. */
    int clicks(int row) {
        long stamp = lock.readLock();
        try {
            return clicks[row];
        } finally {
            lock.unlockRead(stamp);
        }
    }

    private void publish(int row, List<Float> given) {
        while (published.length < given.size()) {
            published = Arrays.copyOf(published, published.length + 1);
            published[published.length - 1] = new float[ROWS];
        }
        for (int which = 0; which < published.length; which++) {
            published[which][row] = which < given.size() ? given.get(which) : 0;
        }
    }

    private List<Float> published(int row) {
        return Arrays.stream(published).map(of -> of[row]).toList();
    }

    private void bringTo(PriorMoment moment, int row) {
        float number = moment.which() < published.length ? published[moment.which()][row] : 0;
        numbers[row] = moment.popularity(number, eventTimes[row]);
        ages[row] = moment.age(itemTimes[row]);
    }

    /** Brings popularity and ages to a moment, unless they serve it already. */
    private void bringTo(PriorMoment moment) {
        if (asOf.serves(moment)) {
            return;
        }
        long stamp = lock.writeLock();
        try {
            if (!asOf.serves(moment)) {
                for (int row = 0; row < ROWS; row++) {
                    bringTo(moment, row);
                }
                asOf = moment;
            }
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /**
     * Computes what the scores of the first rows lie between: from the vectors in bytes, or, where these are not fast, the scores themselves.
     *
     * @param query the same in both
     * @param moment of popularity and ages
     */
    void bound(
            float[] query, ByteVector inBytes, PriorWeights weights, PriorMoment moment, int count, ScoreBounds into) {
        int whole = (count + Loops.BYTE_BLOCK - 1) / Loops.BYTE_BLOCK * Loops.BYTE_BLOCK; // rows of whole blocks
        read(weights, moment, () -> {
            if (into.areOfBytes()) {
                Loops.now().byteProducts(inBytes.numbers(), bytes, whole, into.sums());
                inBytes.bounds(into.sums(), scales, left, kept, whole, into.upper(), into.slack());
            } else {
                for (int row = 0; row < count; row++) {
                    into.upper()[row] = InnerProduct.of(query, 0, vectors, row * dim, dim);
                }
            }
            addPrior(weights, count, into.upper());
        });
    }

    /**
     * Reads the rows' numbers into arrays of the reader's. Reads again, under the lock, if a writer was at work meanwhile. Repeats until
     * popularity and ages serve the moment, as another search may ask for another half-life.
     */
    private void read(PriorWeights weights, PriorMoment moment, Runnable reading) {
        boolean isTimed = !weights.areOfNoItem();
        boolean isRead = false;
        while (!isRead) {
            if (isTimed) {
                bringTo(moment);
            }
            long optimistic = lock.tryOptimisticRead();
            if (optimistic != 0 && (!isTimed || asOf.serves(moment))) {
                reading.run();
                isRead = lock.validate(optimistic);
            }
            if (!isRead) {
                long stamp = lock.readLock();
                try {
                    if (!isTimed || asOf.serves(moment)) {
                        reading.run();
                        isRead = true;
                    }
                } finally {
                    lock.unlockRead(stamp);
                }
            }
        }
    }

    /** Returns the inner product of a row, and what the weights add. */
    float score(float[] query, PriorWeights weights, PriorMoment moment, int row) {
        float[] score = new float[1];
        read(weights, moment, () -> score[0] = scoreNow(query, weights, row));
        return score[0];
    }

    /** Returns the parts of a row's score. */
    ScoreParts parts(float[] query, PriorWeights weights, PriorMoment moment, float added, float boost, int row) {
        ScoreParts[] parts = new ScoreParts[1];
        read(weights, moment, () -> {
            boolean areNumbersRead = !weights.areOfNoItem();
            double popularity =
                    areNumbersRead ? weights.popularity() * numbers[row] + weights.bias(Young.youth(clicks[row])) : 0;
            double age = areNumbersRead
                    ? weights.age() * ages[row] + weights.newness() * Math.min(ages[row], ItemAge.NEW)
                    : 0;
            float cosine = InnerProduct.of(query, 0, vectors, row * dim, dim);
            parts[0] = new ScoreParts(cosine, (float) popularity, (float) age, added, boost);
        });
        return parts[0];
    }

    private float scoreNow(float[] query, PriorWeights weights, int row) {
        float score = InnerProduct.of(query, 0, vectors, row * dim, dim);
        return weights.areOfNoItem()
                ? score
                : score
                        + prior(
                                (float) weights.popularity(),
                                (float) weights.age(),
                                (float) weights.newness(),
                                (float) weights.bias(Young.youth(clicks[row])),
                                numbers[row],
                                ages[row]);
    }

    private void addPrior(PriorWeights weights, int count, float[] scores) {
        if (weights.areOfNoItem()) {
            return;
        }
        float popularity = (float) weights.popularity();
        float age = (float) weights.age();
        float newness = (float) weights.newness();
        float[] biases = new float[Young.GROWN + 1]; // by clicks
        for (int number = 0; number < Young.GROWN; number++) {
            biases[number] = (float) weights.bias(Young.youth(number));
        }
        for (int row = 0; row < count; row++) {
            scores[row] += prior(popularity, age, newness, biases[clicks[row]], numbers[row], ages[row]);
        }
    }

    /** {@link PriorWeights#of} in floats: score and bound add the same bits. */
    private static float prior(float popularity, float age, float newness, float bias, float number, float ageNumber) {
        return popularity * number + (age * ageNumber + newness * Math.min(ageNumber, (float) ItemAge.NEW)) + bias;
    }
}
