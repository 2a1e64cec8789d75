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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many records of the input topics no part of the trainer has counted yet. Used by one thread.
 *
 * <p>Ends of transactions are offsets too. So the number may be a little too high, and need not come to 0.
 */
public final class TopicLag implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TopicLag.class);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Map<InputTopic, String> topics;
    private final TopicReader reader;
    private boolean isReadable = true;

    public TopicLag(ClientSettings clients, TopicNames names) {
        this.topics = Map.of(
                InputTopic.EXPOSURES, names.exposures(),
                InputTopic.CLICKS, names.clicks(),
                InputTopic.USERS, names.users(),
                InputTopic.ITEMS, names.items(),
                InputTopic.EXAMPLES, names.trainingExamples());
        this.reader = new TopicReader(clients, PATIENCE);
    }

    /** Records by topic; absent while the ends of the topics cannot be read. */
    Optional<Map<InputTopic, Long>> records(Collection<PartProgress> parts) {
        try {
            Map<InputTopic, Long> records = new EnumMap<>(InputTopic.class);
            topics.forEach((topic, name) -> records.put(topic, behind(name, parts)));
            isReadable = true;
            return Optional.of(records);
        } catch (RuntimeException unreadable) {
            if (isReadable) {
                LOG.warn("The page shows no lag for now: {}", unreadable.getMessage());
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
