package dev.millrace.app;

import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.transaction.Transactions;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/**
 * The topics that trainers and {@code millrace map} write in transactions, as a process with some rights sees them.
 *
 * <p>A cluster lists only what a process may describe. A topic that is hidden from it would pass for one that is not there, and a transaction on
 * it for none.
 */
public final class WrittenTopics {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private WrittenTopics() {}

    /**
     * Checks that none is hidden: no output, no changelog, no offsets.
     *
     * @throws dev.millrace.topic.fault.MissingRightException if one is, which it names
     */
    public static void requireVisible(MillraceSettings settings) {
        Set<String> topics = new TreeSet<>(settings.topics().names().inTransactions());
        topics.add(Transactions.OFFSETS);
        for (Part part : Part.values()) {
            topics.addAll(changelogs(settings, part));
        }
        requireVisible(settings, topics);
    }

    /** As {@link #requireVisible(MillraceSettings)}, of one application's changelogs alone. */
    public static void requireVisible(MillraceSettings settings, Part part) {
        requireVisible(settings, changelogs(settings, part));
    }

    /** As {@link #requireVisible(MillraceSettings)}, of the offsets alone. */
    public static void requireVisibleOffsets(MillraceSettings settings) {
        requireVisible(settings, Set.of(Transactions.OFFSETS));
    }

    private static Set<String> changelogs(MillraceSettings settings, Part part) {
        return MillraceTopology.largestEntries(
                        settings.stream().applicationId(part),
                        part,
                        settings.topics().largest())
                .keySet();
    }

    /** Asked for by its name, a topic that is hidden is refused, and one that is missing is not. */
    private static void requireVisible(MillraceSettings settings, Collection<String> topics) {
        Set<String> unlisted = new TreeSet<>(topics);
        unlisted.removeAll(settings.transactions().listed());
        if (!unlisted.isEmpty()) {
            try (TopicReader reader = new TopicReader(settings.clients(), PATIENCE)) {
                reader.ends(unlisted);
            }
        }
    }
}
