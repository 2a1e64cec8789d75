package dev.millrace.topic;

import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.generation.GenerationRules;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.Topic;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Administers generations: reads their history from the topic, asks {@link GenerationRules}, and appends the fact; all servers
 * follow. What is ordered stands in the {@link OperatorLog} first.
 *
 * <p>It takes no lock. If two decide at the same moment, both facts are appended and the later one holds.
 */
public final class GenerationAdmin {

    private final Cluster cluster;
    private final OperatorLog log;

    /** @param log of what is ordered */
    public GenerationAdmin(Cluster cluster, OperatorLog log) {
        this.cluster = cluster;
        this.log = log;
    }

    /** All facts that are committed now. */
    public static GenerationHistory history(Cluster cluster) {
        GenerationHistory history = new GenerationHistory();
        cluster.readAll(Topic.GENERATIONS, cluster.topics().generations(), history::take);
        return history;
    }

    /**
     * Lets a generation answer.
     *
     * @param history as {@link #history} has just read it
     * @return the one that was to answer before
     * @throws GenerationRefusedException if it is not known, not complete, retired, or answers already
     */
    public Optional<String> promote(String generation, GenerationHistory history) {
        OperatorAction ordered = log.ordered(Kind.PROMOTE, generation, answered(history));
        return carryOut(
                ordered,
                () -> new GenerationRules(history)
                        .promote(generation, ordered.at(), ordered.by().means()),
                fact -> history.answering());
    }

    /**
     * Lets the generation answer again that did before.
     *
     * @return it, and behind it the one that answered until now
     * @throws GenerationRefusedException if there is none
     */
    public List<String> rollBack() {
        GenerationHistory history = history(cluster);
        OperatorAction ordered =
                log.ordered(Kind.ROLL_BACK, history.answeredBefore().orElse(""), answered(history));
        return carryOut(
                ordered,
                () -> new GenerationRules(history)
                        .rollBack(ordered.at(), ordered.by().means()),
                fact -> List.of(fact.generation(), history.answering().orElseThrow()));
    }

    /**
     * What came of retiring a generation.
     *
     * @param records that were removed
     * @param isAgain true if it was retired before: what its learner published since was removed
     * @param application of its learner, if that ever published
     */
    public record Retired(long records, boolean isAgain, Optional<String> application) {}

    /**
     * Ends a generation: it never answers again, and its records are removed. Once more if its learner was still running.
     *
     * @throws GenerationRefusedException if it is not known, answers, or its learner makes the log
     */
    public Retired retire(String generation) {
        GenerationHistory history = history(cluster);
        OperatorAction ordered = log.ordered(Kind.RETIRE, generation, "");
        return carryOut(
                ordered,
                () -> new GenerationRules(history)
                        .retire(
                                generation,
                                new ProgressLog(cluster).ofLearner().map(TrainingProgress::generation),
                                ordered.at(),
                                ordered.by().means()),
                fact -> new Retired(
                        remove(generation, cluster.topics().itemEmbeddings())
                                + remove(generation, cluster.topics().modelUpdates())
                                + remove(generation, cluster.topics().itemNeighbours()),
                        history.is(generation, GenerationFact.Kind.RETIRED),
                        history.fact(generation, GenerationFact.Kind.STARTED).map(GenerationFact::by)));
    }

    /**
     * Gives a generation, if it was published, to another application: only that one may publish it from now on.
     *
     * @return the application that had it; absent if it was not published, or had it already
     */
    public Optional<String> handOver(String generation, String application) {
        GenerationHistory history = history(cluster);
        new GenerationRules(history)
                .handOver(generation, application)
                .ifPresent(fact -> log.carryOut(log.ordered(Kind.HAND_OVER, generation, "to " + application), () -> {
                    append(fact);
                    return fact;
                }));
        return history.fact(generation, GenerationFact.Kind.STARTED)
                .map(GenerationFact::by)
                .filter(owner -> !owner.equals(application));
    }

    /** Appends the fact that the rules make of an order, and then does the rest. */
    private <T> T carryOut(OperatorAction ordered, Supplier<GenerationFact> rule, Function<GenerationFact, T> rest) {
        GenerationFact fact;
        try {
            fact = rule.get();
        } catch (GenerationRefusedException refused) {
            log.refused(ordered, String.valueOf(refused.getMessage()));
            throw refused;
        }
        return log.carryOut(ordered, () -> {
            append(fact);
            return rest.apply(fact);
        });
    }

    private static String answered(GenerationHistory history) {
        return history.answering().map(one -> one + " answered").orElse("");
    }

    private void append(GenerationFact fact) {
        cluster.append(Topic.GENERATIONS, cluster.topics().generations(), fact, fact.at());
    }

    /** Writes a tombstone for each of its keys that has a value, into the partition that has it. Returns how many. */
    private long remove(String generation, String topic) {
        ByteBuffer prefix = ByteBuffer.wrap(Topic.itemKey(generation, ""));
        long removed = 0;
        try (TopicReader reader = cluster.reader();
                EventProducer producer = new EventProducer(cluster.clients(), cluster.topics(), cluster.wire())) {
            for (TopicReader.Extent extent : reader.extents(topic)) {
                Set<ByteBuffer> living = new HashSet<>();
                reader.read(extent, extent.first(), record -> {
                    ByteBuffer key = ByteBuffer.wrap(record.key());
                    int differs = key.mismatch(prefix); // -1 for the key of the mark, which is the prefix
                    if (record.value().isPresent() && (differs < 0 || differs == prefix.limit())) {
                        living.add(key);
                    } else {
                        living.remove(key);
                    }
                    return true;
                });
                living.forEach(key -> producer.delete(topic, extent.partition(), key.array()));
                removed += living.size();
            }
            producer.flush();
        }
        return removed;
    }
}
