package dev.millrace.stream;

import dev.millrace.state.EntrySink;
import dev.millrace.state.Frame;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.TopicLog;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The entries of an attribution that stands still, from its changelogs. */
public final class AttributionState {

    private final TopicLog log;
    private final List<String> changelogs;

    /** @param application id of the attribution */
    public AttributionState(TopicLog log, String application) {
        this.log = log;
        this.changelogs = List.of(
                MillraceTopology.changelog(application, MillraceTopology.ATTRIBUTION_STORE),
                MillraceTopology.changelog(application, MillraceTopology.ATTRIBUTION_BOOKS_STORE));
    }

    /**
     * Reads one partition.
     *
     * @param into empty; filled with all but the stores' own entries
     * @return offsets behind its last events, by topic and partition
     * @throws BrokenLogException if it commits meanwhile: the changelogs are of one commit only when none follows
     */
    public Map<String, Long> read(int partition, EntrySink into) {
        Map<String, Long> ends = new HashMap<>();
        changelogs.forEach(changelog -> ends.put(changelog, requireEnd(changelog, partition)));
        Map<String, Long> positions = new HashMap<>();
        for (String changelog : changelogs) {
            log.read(changelog, partition, ends.getOrDefault(changelog, 0L), record -> {
                byte[] key = record.key();
                WriteThroughStore.positionOf(key).ifPresent(of -> record.value()
                        .ifPresent(value -> positions.put(of, Frame.open(value).getLong())));
                if (!WriteThroughStore.isOwn(key)) {
                    record.value().ifPresentOrElse(value -> into.put(key, value), () -> into.delete(key));
                }
            });
        }
        ends.forEach((changelog, end) -> require(changelog, partition, requireEnd(changelog, partition) == end));
        return positions;
    }

    private long requireEnd(String changelog, int partition) {
        long end = log.end(changelog, partition);
        require(changelog, partition, log.committedEnd(changelog, partition) == end);
        return end;
    }

    private static void require(String changelog, int partition, boolean isStill) {
        if (!isStill) {
            throw new BrokenLogException("the attribution of partition " + partition + " writes to " + changelog
                    + "; stop the trainers for as long as its state is read");
        }
    }
}
