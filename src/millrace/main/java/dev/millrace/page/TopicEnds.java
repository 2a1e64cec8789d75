package dev.millrace.page;

import dev.millrace.state.InputTopic;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.PartProgress;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the ends of the topics tell: how far the trainer is behind, and how fast it writes. Used by one thread. */
final class TopicEnds implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TopicEnds.class);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /**
     * What the ends of one moment tell. Ends of transactions are offsets too, so the numbers may be a little too high.
     *
     * @param at when they were asked for, epoch milliseconds
     * @param behind records of the input topics that no part of the trainer has counted yet, by topic
     * @param written records that were ever written to topics of the trainer, by logical name
     */
    record Ends(long at, Map<InputTopic, Long> behind, Map<String, Long> written) {}

    private final Map<InputTopic, String> inputs;
    private final Map<String, String> outputs;
    private final TopicReader reader;
    private boolean isReadable = true;

    TopicEnds(ClientSettings clients, TopicNames names) {
        this.inputs = Map.of(
                InputTopic.EXPOSURES, names.exposures(),
                InputTopic.CLICKS, names.clicks(),
                InputTopic.USERS, names.users(),
                InputTopic.ITEMS, names.items(),
                InputTopic.EXAMPLES, names.trainingExamples());
        this.outputs = Map.of(
                "training-examples", names.trainingExamples(),
                "user-features", names.userFeatures(),
                "model-updates", names.modelUpdates(),
                "item-neighbours", names.itemNeighbours(),
                "generations", names.generations());
        this.reader = new TopicReader(clients, PATIENCE);
    }

    /** The ends as they are now, at that time; absent while they cannot be read. */
    Optional<Ends> now(Collection<PartProgress> parts, long at) {
        try {
            Map<InputTopic, Long> behind = new EnumMap<>(InputTopic.class);
            inputs.forEach((topic, name) -> behind.put(topic, behind(name, parts)));
            Map<String, Long> ends = reader.ends(outputs.values());
            Map<String, Long> written = new TreeMap<>();
            outputs.forEach((topic, name) -> written.put(topic, ends.getOrDefault(name, 0L)));
            isReadable = true;
            return Optional.of(new Ends(at, behind, written));
        } catch (RuntimeException unreadable) {
            if (isReadable) {
                LOG.warn("Lag and rates are unavailable on the page: {}", unreadable.getMessage());
            }
            isReadable = false;
            return Optional.empty();
        }
    }

    private long behind(String topic, Collection<PartProgress> parts) {
        return reader.extents(topic).stream()
                .mapToLong(extent -> {
                    String partition = topic + "-" + extent.partition();
                    long position = parts.stream()
                            .mapToLong(part -> part.positions().getOrDefault(partition, 0L))
                            .max()
                            .orElse(0);
                    return Math.max(0, extent.end() - Math.max(position, extent.first()));
                })
                .sum();
    }

    @Override
    public void close() {
        reader.close();
    }
}
