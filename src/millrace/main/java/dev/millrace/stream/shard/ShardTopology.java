package dev.millrace.stream.shard;

import dev.millrace.merge.Base;
import dev.millrace.merge.Replica;
import dev.millrace.merge.ShardLearner;
import dev.millrace.model.RowStorage;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.EntrySource;
import dev.millrace.stream.CommitPace;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.WriteThroughStore;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.AvroWire;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;

/**
 * The learner of several shards as two Kafka Streams applications.
 *
 * <pre>
 * shards   training-examples ──▶ shards ──▶ mini-batches, model-deltas, model-updates, training-progress, dead-letters
 *
 * base     model-deltas ──▶ base ──▶ model-rounds, item-embeddings, model-updates, item-neighbours, generations, training-progress,
 *                                     dead-letters
 * </pre>
 *
 * There is a task for each partition of {@code training-examples}, which is a shard, and one for the base. They are two applications as a commit
 * of the base, which writes all rows of a round, must not hold up the shards. What the base's commits write to the changelog of its store is
 * what the shards follow ({@link ReplicaFollower}).
 */
public final class ShardTopology {

    static final String TO_DELTAS = "to-model-deltas";
    static final String TO_ROUNDS = "to-model-rounds";

    private static final String SHARDS = "shards";
    private static final String BASE = "base";

    private static final Serializer<byte[]> WRITE = new ByteArraySerializer();

    private ShardTopology() {}

    /**
     * What shards and base share.
     *
     * @param shares of the learners that the process has in its heap for rows
     * @param terms terms under which the base publishes the generation
     * @param maxWait longest time that an open batch, or a change of the catalogue, waits
     */
    public record Learner(
            TopicNames topics,
            AvroWire wire,
            TrainerSettings settings,
            RowShares shares,
            GenerationTerms terms,
            Duration maxWait) {

        public static Learner of(
                TopicNames topics, AvroWire wire, TrainerSettings settings, GenerationTerms terms, Duration maxWait) {
            return new Learner(topics, wire, settings, new RowShares(settings.cacheBytes()), terms, maxWait);
        }

        /** Returns where the rows of one of the learners are. */
        RowStorage rows(EntrySource stored) {
            return new RowStorage(stored, shares::one);
        }

        /** Returns the settings that the state of a shard, or of the base, depends on. */
        public KeptSettings kept() {
            return ShardTopology.kept(TrainerSettings.kept(terms.settings()), topics);
        }
    }

    /** Returns the settings that the state of shards and base depends on: those of the model, and the number of its learners. */
    public static KeptSettings kept(KeptSettings ofModel, TopicNames topics) {
        SortedMap<String, String> texts = new TreeMap<>(ofModel.texts());
        texts.put(TopicNames.SHARDS, Integer.toString(topics.shards()));
        return new KeptSettings(texts);
    }

    /** From training examples to deltas: one task for each shard. */
    @SuppressWarnings("removal") // the form of a partitioner with headers is not in Kafka 4.3
    public static Topology shards(Learner learner, Replica replica, Pauses pauses) {
        TopicNames topics = learner.topics();
        CommitPace.OfThreads paces = new CommitPace.OfThreads();
        // a batch goes to the partition of the shard that made it, which its key names
        StreamPartitioner<byte[], byte[]> toShard =
                (topic, step, value, count) -> Optional.of(Set.of(ShardProcessor.shard(step)));
        return MillraceTopology.source(new Topology(), "from-training-examples", topics.trainingExamples())
                .addProcessor(
                        SHARDS, () -> new ShardProcessor(learner, replica, pauses, paces), "from-training-examples")
                .addStateStore(WriteThroughStore.<ShardLearner>builder(MillraceTopology.SHARD_STORE), SHARDS)
                .addSink(MillraceTopology.TO_BATCHES, topics.miniBatches(), WRITE, WRITE, toShard, SHARDS)
                .addSink(TO_DELTAS, topics.modelDeltas(), WRITE, WRITE, SHARDS)
                .addSink(MillraceTopology.TO_UPDATES, topics.modelUpdates(), WRITE, WRITE, SHARDS)
                .addSink(MillraceTopology.LEARN_TO_DEAD_LETTERS, topics.deadLetters(), WRITE, WRITE, SHARDS)
                .addSink(MillraceTopology.TO_PROGRESS, topics.trainingProgress(), WRITE, WRITE, SHARDS);
    }

    /**
     * From deltas to rounds and item embeddings: one task.
     *
     * @param patience how long a round waits for the shards of the last one, from its first delta on
     */
    public static Topology base(Learner learner, Duration patience) {
        TopicNames topics = learner.topics();
        CommitPace.OfThreads paces = new CommitPace.OfThreads();
        Topology topology = MillraceTopology.source(new Topology(), "from-model-deltas", topics.modelDeltas())
                .addProcessor(BASE, () -> new BaseProcessor(learner, patience, paces), "from-model-deltas")
                .addStateStore(WriteThroughStore.<Base>builder(MillraceTopology.BASE_STORE), BASE);
        return MillraceTopology.publishing(topology, topics, BASE)
                .addSink(TO_ROUNDS, topics.modelRounds(), WRITE, WRITE, BASE);
    }
}
