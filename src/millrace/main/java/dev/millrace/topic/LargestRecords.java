package dev.millrace.topic;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.batch.BatchSettings;
import dev.millrace.batch.BatchSize;
import dev.millrace.event.EventLimits;
import dev.millrace.model.ModelSettings;
import dev.millrace.neighbour.Nearness;
import dev.millrace.settings.SettingsReader;
import dev.millrace.train.TrainerSettings;

/**
 * The largest records that the settings allow, in bytes before compression, with key, headers and framing: what topics and changelogs must
 * take. The sums are upper bounds; docs/decisions/0024 says why there are any, and has the defaults.
 *
 * @param event of exposures, clicks, users and items
 * @param example of training-examples
 * @param userFeatures of user-features
 * @param attributionEntry an entry of attribution: a user's history with what is hidden, an exposure, or a profile, which is smaller
 * @param miniBatch of mini-batches
 * @param embedding of item-embeddings
 * @param vectorStore of the topic for vector stores
 * @param learnerEntry an entry of the learner, and a record of model-updates
 * @param neighbours of item-neighbours
 * @param small of generations, operator-actions, training-progress and the changelogs of the books
 */
public record LargestRecords(
        long event,
        long example,
        long userFeatures,
        long attributionEntry,
        long miniBatch,
        long embedding,
        long vectorStore,
        long learnerEntry,
        long neighbours,
        long small) {

    /** Of a dead letter: one that would be larger goes without its value. */
    public static final int DEAD_LETTER_BYTES = 1_000_000 + 16_384;

    /** Of attribution-commits: many times what a transaction holds of events, at one to three bytes each. */
    public static final int ATTRIBUTION_COMMIT_BYTES = 1 << 20;

    /** Of settings that nobody read: every topic takes them. */
    static final LargestRecords UNKNOWN = new LargestRecords(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private static final long ID = EventLimits.MAX_ID_BYTES;
    private static final long STORED_ID = ID + 4;

    /** A record's key, of up to three ids or a generation and a row's key, its headers, and the framing of a batch of one. */
    private static final long AROUND = 2_048;

    /** Times, weights, lengths and the two counters of a user. */
    private static final long NUMBERS = 512;

    /** What a producer sends as one batch if it holds more than one record. */
    private static final long PRODUCER_BATCH = 256 << 10;

    /** Places, sums and numbers of one event of an exam. */
    private static final long AN_EXAMINEE = 256;

    /** A chunk of a tensor, and the row of a table of the greatest width. */
    private static final long MODEL_ENTRY = 256 << 10;

    private static final long UTF8_MOST = 3;
    private static final long JSON_FLOAT = 16;
    private static final long JSON_BYTE = 6; // a control character as \u0000

    public static LargestRecords read(SettingsReader reader) {
        return of(EventLimits.read(reader), AttributionSettings.read(reader), TrainerSettings.read(reader));
    }

    static LargestRecords of(EventLimits limits, AttributionSettings attribution, TrainerSettings trainer) {
        long features = limits.featuresBytes();
        long event = features + 5 * STORED_ID + NUMBERS;
        long history = attribution.historyLength() * STORED_ID + NUMBERS;
        long user = STORED_ID
                + Math.min(features, limits.profileBytes())
                + history
                + attribution.hiding().mostBytes();
        long example = user + event;
        long actions = attribution.actions().size() * STORED_ID;
        ModelSettings model = trainer.model();
        long vector = 4L * (model.width() + 1);
        long neighbours = trainer.neighbours().most() * (STORED_ID + 8) + NUMBERS;
        long examinee = user + Nearness.LATEST * neighbours + vector;
        long graphs = UTF8_MOST * model.graphCharacters(); // as settings
        long openExam = AN_EXAMINEE * BatchSize.mostExamples(trainer.batch());
        long miniBatch = miniBatch(trainer.batch(), limits, example);
        long learnerEntry = Math.max(Math.max(example, Math.max(MODEL_ENTRY, graphs)), Math.max(examinee, openExam));
        return new LargestRecords(
                whole(event),
                whole(example),
                whole(user),
                whole(Math.max(
                        history
                                + attribution.historyLength() * 8L
                                + attribution.hiding().mostStoredBytes(),
                        event + actions)),
                whole(miniBatch),
                whole(vector + features + 2 * STORED_ID + NUMBERS),
                whole(JSON_FLOAT * vector / 4 + JSON_BYTE * (features + 3 * STORED_ID) + NUMBERS),
                whole(learnerEntry),
                whole(neighbours),
                whole(Math.max(MODEL_ENTRY, MODEL_ENTRY / 4 + graphs)));
    }

    private static long miniBatch(BatchSettings batch, EventLimits limits, long example) {
        // the batch was not full before its last example, whose features may be columns of their own with a cell for
        // each example
        long open = BatchSize.LARGEST + example + 2L * limits.features() * BatchSize.mostExamples(batch);
        int learnt = batch.maxSize() + batch.rehearsal().examples();
        long negatives = batch.negatives().most(learnt) * BatchSize.A_NEGATIVE;
        long newItemsAndRemovals = (2L * batch.maxSize() + batch.maxChanges()) * BatchSize.A_CHANGE;
        return open + negatives + newItemsAndRemovals;
    }

    private static long whole(long value) {
        return Math.max(PRODUCER_BATCH, value + AROUND);
    }

    /** The largest of all that Millrace writes. */
    public long largest() {
        return Math.max(
                Math.max(Math.max(example, attributionEntry), Math.max(userFeatures, miniBatch)),
                Math.max(Math.max(embedding, vectorStore), Math.max(learnerEntry, Math.max(small, DEAD_LETTER_BYTES))));
    }
}
