package dev.millrace.verify;

import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.BatchLog;
import dev.millrace.topic.BatchLog.LoggedBatch;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Finds where a published vector comes from: its step and the step's place in the log. */
public final class VectorOrigins {

    /** What makes an item's vector due. */
    private static final Set<BatchOrigin.Role> TOUCHING = Collections.unmodifiableSet(
            EnumSet.of(BatchOrigin.Role.POSITIVE, BatchOrigin.Role.REHEARSED, BatchOrigin.Role.CATALOGUE_CHANGE));

    private final Cluster cluster;
    private final TrainerSettings trainer;

    public VectorOrigins(Cluster cluster, TrainerSettings trainer) {
        this.cluster = cluster;
        this.trainer = trainer;
    }

    /**
     * Where the latest vector of an item comes from, in the generation that answers. If none was promoted yet, in that of these
     * settings. Reads the item's partition alone.
     */
    public ItemOrigin ofItem(String item) {
        String generation = GenerationAdmin.history(cluster)
                .answering()
                .orElse(trainer.model().generationName());
        byte[] key = Topic.itemKey(generation, item);
        try (TopicReader reader = cluster.reader()) {
            TopicReader.Extent extent = reader.extent(cluster.topics().itemEmbeddings(), key);
            Deque<TopicRecord> own = new ArrayDeque<>();
            reader.read(extent, extent.first(), record -> {
                if (Arrays.equals(record.key(), key)) {
                    own.add(record);
                }
                return true;
            });
            if (own.isEmpty()) {
                return new ItemOrigin.NeverPublished(item, extent.topic(), extent.partition());
            }
            TopicRecord record = own.getLast();
            if (record.value().isEmpty()) {
                return new ItemOrigin.Removed(item, record.topic(), record.partition(), record.offset());
            }
            return found(
                    reader, cluster.wire().decode(Topic.ITEM_EMBEDDINGS, record).orElseThrow(), record);
        }
    }

    /** The place of a step's mini-batch; absent if it is not in the log. */
    public Optional<BatchOrigin> ofStep(long step) {
        try (TopicReader reader = cluster.reader()) {
            return cluster.batches(reader).find(step).map(BatchOrigin::of);
        }
    }

    /** Latest progress of the learner that publishes; absent if there is none yet. */
    public Optional<TrainingProgress> progress() {
        return new ProgressLog(cluster).ofLearner();
    }

    private ItemOrigin found(TopicReader reader, ItemEmbedding embedding, TopicRecord record) {
        BatchLog log = cluster.batches(reader);
        Optional<LoggedBatch> made = log.find(embedding.step());
        Set<BatchOrigin.Role> roles = made.map(logged -> BatchOrigin.roles(logged, embedding.item()))
                .orElse(EnumSet.noneOf(BatchOrigin.Role.class));
        String hash = trainer.model().hash();
        return new ItemOrigin.Vector(
                embedding,
                record.topic(),
                record.partition(),
                record.offset(),
                made.map(BatchOrigin::of),
                roles,
                change(log, embedding),
                hash,
                embedding.generation().equals(trainer.model().generationName()));
    }

    /** The newest batch up to the vector's step that has the item as a positive or changes it in the catalogue. */
    private Optional<BatchOrigin> change(BatchLog log, ItemEmbedding embedding) {
        long first = log.firstStep().orElse(Long.MAX_VALUE);
        int items = progress().map(TrainingProgress::items).orElse(0);
        long bound = trainer.publish().bound().wholeSteps(items);
        long from = Math.max(first, embedding.step() - bound + 1);
        if (from > embedding.step()) {
            return Optional.empty();
        }
        Deque<BatchOrigin> changes = new ArrayDeque<>();
        log.read(from, logged -> {
            Set<BatchOrigin.Role> roles = BatchOrigin.roles(logged, embedding.item());
            if (!Collections.disjoint(roles, TOUCHING)) {
                changes.add(BatchOrigin.of(logged));
            }
            return logged.batch().step() < embedding.step();
        });
        return Optional.ofNullable(changes.peekLast());
    }
}
