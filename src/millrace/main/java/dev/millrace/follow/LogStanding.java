package dev.millrace.follow;

import dev.millrace.wire.TopicRecord;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Where a server stands in the topics that an answer is made from, and whether it moves. User features are not among them: an answer takes those
 * once. Safe for threads; each topic has one that follows it.
 */
public final class LogStanding {

    /** Begins the names of the positions of the user tower's networks; the partition of the model updates follows. */
    public static final String NETWORKS = "networks-";

    private static final String UPDATES = FollowedTopic.MODEL_UPDATES.text() + '-';

    private final AtomicLong begun = new AtomicLong();
    private final AtomicLong ended = new AtomicLong();
    private final Map<String, Long> positions = new ConcurrentHashMap<>(); // by topic and partition
    private final Map<String, Map<String, Long>> networks = new ConcurrentHashMap<>(); // by generation
    private volatile Map<String, Long> networksOfOthers = Map.of();

    /**
     * What a standing was at a moment.
     *
     * @param changes that had ended
     */
    public record View(SortedMap<String, Long> positions, long changes) {}

    /** Where the server stands, as an answer of a generation sees it. */
    public View now(String generation) {
        long changes = ended.get(); // before the positions: what ends meanwhile makes them unsure
        SortedMap<String, Long> seen = new TreeMap<>(positions);
        seen.putAll(networks.getOrDefault(generation, networksOfOthers));
        return new View(seen, changes);
    }

    /** Whether nothing had begun to change when it was seen, and nothing has since. */
    public boolean isStill(View seen) {
        return begun.get() == seen.changes();
    }

    /** Makes a change that an answer may depend on. */
    void change(Runnable change) {
        begun.incrementAndGet();
        try {
            change.run();
        } finally {
            ended.incrementAndGet();
        }
    }

    /** A record has been taken. Within its change. */
    void taken(FollowedTopic topic, TopicRecord record) {
        positions.put(topic.text() + '-' + record.partition(), record.offset() + 1);
    }

    /** The networks of a generation have been brought to the position in the model updates. Within that change. */
    void refreshed(String generation) {
        networks.put(generation, ofNetworks());
    }

    /** The networks of all generations have been brought there. Within that change. */
    void refreshed() {
        networksOfOthers = ofNetworks();
        networks.clear();
    }

    private Map<String, Long> ofNetworks() {
        Map<String, Long> now = new TreeMap<>();
        positions.forEach((partition, position) -> {
            if (partition.startsWith(UPDATES)) {
                now.put(NETWORKS + partition.substring(UPDATES.length()), position);
            }
        });
        return now;
    }
}
