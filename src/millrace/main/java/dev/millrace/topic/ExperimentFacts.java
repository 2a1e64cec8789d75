package dev.millrace.topic;

import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.wire.Topic;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Finds states of experiments in the topic of generations.
 *
 * <p>It reads the topic when it is asked for an offset that it does not know, at most once a second: so records of a producer who makes offsets up cost
 * no more. What it then does not find may be asked for again. Safe for threads.
 */
public final class ExperimentFacts implements ExperimentReference.Lookup {

    private static final long LEAST_NANOS = 1_000_000_000;

    private final Cluster cluster;
    private NavigableMap<Long, Experiment> known = new TreeMap<>();
    private long readAt = System.nanoTime() - LEAST_NANOS;

    public ExperimentFacts(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public synchronized Optional<Experiment> find(ExperimentReference reference) {
        if (!known.containsKey(reference.offset()) && System.nanoTime() - readAt >= LEAST_NANOS) {
            known = read(cluster, TopicReader::committedEnd);
            readAt = System.nanoTime();
        }
        return Optional.ofNullable(known.get(reference.offset())).filter(reference::names);
    }

    /** Returns a reference to a state, which was ordered before; absent if it is not the latest. */
    static Optional<ExperimentReference> latest(Cluster cluster, Experiment state) {
        return Optional.ofNullable(read(cluster, TopicReader::end).lastEntry())
                .filter(last -> last.getValue().equals(state))
                .map(last -> ExperimentReference.to(state, last.getKey()));
    }

    /** Behind which offset reading stops. To the end it waits for open transactions; who follows events need not: an order is referred to once it can be read. */
    private interface End {
        long of(TopicReader reader, String topic, int partition);
    }

    /** The states that took effect, by their offsets. */
    private static NavigableMap<Long, Experiment> read(Cluster cluster, End end) {
        String topic = cluster.topics().generations();
        GenerationHistory history = new GenerationHistory();
        NavigableMap<Long, Experiment> states = new TreeMap<>();
        try (TopicReader reader = cluster.reader()) {
            reader.read(topic, 0, end.of(reader, topic, 0), record -> cluster.wire()
                    .decode(Topic.GENERATIONS, record)
                    .filter(history::take)
                    .flatMap(fact -> history.latestExperiment())
                    .ifPresent(state -> states.put(record.offset(), state)));
        }
        return states;
    }
}
