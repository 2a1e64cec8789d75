package dev.millrace.verify;

import dev.millrace.merge.Round;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.BatchLog;
import dev.millrace.topic.BatchLog.LoggedBatch;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
import dev.millrace.verify.BatchOrigin.DeltaOrigin;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
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

    /** The place of a step's mini-batch, of several learners of a round; absent if it is not in the log. */
    public Optional<BatchOrigin> ofStep(long step) {
        try (TopicReader reader = cluster.reader()) {
            return cluster.steps(reader).find(step).map(BatchOrigin::of);
        }
    }

    /** The place of a shard's mini-batch, and the delta that has it, if a round took it already; absent if it is not in the log. */
    public Optional<BatchOrigin> ofStep(int shard, long step) {
        try (TopicReader reader = cluster.reader()) {
            return cluster.batches(reader, shard)
                    .find(step)
                    .map(BatchOrigin::of)
                    .map(batch -> batch.with(
                            delta(cluster.steps(reader), shard, step).stream().toList()));
        }
    }

    /** The delta that has a shard's step. Each round that took one of the shard says on which side of it the step is. */
    private Optional<DeltaOrigin> delta(BatchLog rounds, int shard, long step) {
        long low = rounds.firstStep().orElse(1);
        long high = progress().map(TrainingProgress::step).orElse(0L) + 1;
        while (low < high) {
            long middle = low + (high - low) / 2;
            List<DeltaOrigin> next = new ArrayList<>();
            rounds.read(middle, logged -> {
                BatchOrigin.of(logged).deltas().stream()
                        .filter(delta -> delta.taken().origin().shard() == shard)
                        .forEach(next::add);
                return next.isEmpty();
            });
            if (next.isEmpty() || next.get(0).taken().firstStep() > step) {
                high = middle;
            } else if (next.get(next.size() - 1).taken().lastStep() < step) {
                low = next.get(0).round() + 1;
            } else {
                return next.stream()
                        .filter(delta -> step <= delta.taken().lastStep())
                        .findFirst();
            }
        }
        return Optional.empty();
    }

    /** Latest progress of the learner that publishes; absent if there is none yet. */
    public Optional<TrainingProgress> progress() {
        return new ProgressLog(cluster).ofLearner();
    }

    private ItemOrigin found(TopicReader reader, ItemEmbedding embedding, TopicRecord record) {
        BatchLog log = cluster.steps(reader);
        Optional<LoggedBatch> made = log.find(embedding.step());
        Set<BatchOrigin.Role> roles = made.map(logged -> BatchOrigin.roles(logged, embedding.item()))
                .orElse(EnumSet.noneOf(BatchOrigin.Role.class));
        String hash = trainer.model().hash();
        return new ItemOrigin.Vector(
                embedding,
                record.topic(),
                record.partition(),
                record.offset(),
                made.map(BatchOrigin::of).map(round -> round.with(naming(reader, embedding.item(), round.deltas()))),
                roles,
                change(log, embedding),
                hash,
                embedding.generation().equals(trainer.model().generationName()));
    }

    /** Of deltas those that were merged and whose batches name an item, which may have changed its row. */
    private List<DeltaOrigin> naming(TopicReader reader, String item, List<DeltaOrigin> deltas) {
        List<DeltaOrigin> naming = new ArrayList<>();
        for (DeltaOrigin delta : deltas) {
            Round.Taken taken = delta.taken();
            BatchLog batches = cluster.batches(reader, taken.origin().shard());
            Set<BatchOrigin.Role> roles = EnumSet.noneOf(BatchOrigin.Role.class);
            if (taken.refused().isEmpty() && batches.firstStep().orElse(Long.MAX_VALUE) <= taken.firstStep()) {
                batches.read(taken.firstStep(), logged -> {
                    roles.addAll(BatchOrigin.roles(logged, item));
                    return logged.batch().step() < taken.lastStep();
                });
            }
            if (!roles.isEmpty()) {
                naming.add(new DeltaOrigin(delta.round(), taken, roles));
            }
        }
        return naming;
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
