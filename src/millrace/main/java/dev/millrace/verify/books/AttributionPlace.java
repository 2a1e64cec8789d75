package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.checkpoint.CheckpointDirectory;
import dev.millrace.checkpoint.EntryFile;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Fields;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Sha256;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.TopicRecord;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where an attribution stood in its topics; the header of a checkpoint with its entries.
 *
 * @param application its id
 * @param partition of its inputs
 * @param partitions how many there were
 * @param settings that the entries depend on
 * @param commits where its next commit is, or none yet
 * @param examples offset behind its last training example
 * @param last offset of its last commit, and the SHA-256 of that; empty if it has none
 * @param next where its next events are, or none yet
 */
record AttributionPlace(
        String application,
        int partition,
        int partitions,
        KeptSettings settings,
        long commits,
        long examples,
        String last,
        Map<InputTopic, Long> next) {

    static final EntryFile<AttributionPlace> FORM = new EntryFile<>(
            "MILLRATT",
            2,
            "only the build that wrote it reads it",
            (to, place) -> place.write(to),
            AttributionPlace::read);

    /** Where an attribution begins that has not read anything. */
    static AttributionPlace beginning(String application, int partition, int partitions, KeptSettings settings) {
        return new AttributionPlace(application, partition, partitions, settings, 0, 0, "", Map.of());
    }

    /** The same attribution, elsewhere. */
    AttributionPlace at(long nextCommit, long nextExample, String lastCommit, Map<InputTopic, Long> nextEvents) {
        return new AttributionPlace(
                application, partition, partitions, settings, nextCommit, nextExample, lastCommit, nextEvents);
    }

    long next(InputTopic topic) {
        return next.getOrDefault(topic, 0L);
    }

    /** Names a commit. */
    static String last(TopicRecord commit) {
        return commit.offset() + " " + Sha256.hex(commit.value().orElseThrow());
    }

    /**
     * The checkpoints of this attribution.
     *
     * @param topic of its commits
     */
    CheckpointDirectory<AttributionPlace> checkpoints(Path directory, TopicLog log, String topic) {
        CheckpointDirectory<AttributionPlace> checkpoints = new CheckpointDirectory<>(
                directory,
                new CheckpointDirectory.Form<>(
                        "attribution-" + application + "-" + partition,
                        FORM,
                        AttributionPlace::commits,
                        found -> difference(found)
                                .or(() -> found.isOf(log, topic)
                                        ? Optional.empty()
                                        : Optional.of("its last commit is not that of " + topic))),
                unfinished -> {});
        checkpoints.prepare();
        return checkpoints;
    }

    /** Why another place is not one of the same attribution; absent if it is. */
    private Optional<String> difference(AttributionPlace other) {
        if (!application.equals(other.application) || partition != other.partition || partitions != other.partitions) {
            return Optional.of("it is of partition " + other.partition + " of " + other.partitions + " of application "
                    + other.application);
        }
        return settings.differences(other.settings).stream()
                .findFirst()
                .map(setting ->
                        "it has " + setting.key() + " = " + setting.ofState() + ", here it is " + setting.here());
    }

    /** Topics that were deleted and made again have other records at the same offsets. */
    private boolean isOf(TopicLog log, String topic) {
        long offset = last.isEmpty() ? -1 : Long.parseLong(last.substring(0, last.indexOf(' ')));
        if (offset < log.begin(topic, 0)) { // it is gone, or there is none
            return commits <= log.end(topic, 0);
        }
        List<String> found = new ArrayList<>();
        log.read(topic, 0, offset, offset + 1, record -> found.add(last(record)));
        return found.equals(List.of(last));
    }

    private void write(Fields to) {
        to.text(application).integer(partition).integer(partitions);
        EntryFile.write(to, settings.texts());
        to.longInteger(commits).longInteger(examples).text(last);
        AttributionCommit.TOPICS.forEach(topic -> to.longInteger(next(topic)));
    }

    private static AttributionPlace read(ByteBuffer from) {
        AttributionPlace read = new AttributionPlace(
                Fields.text(from),
                from.getInt(),
                from.getInt(),
                new KeptSettings(EntryFile.texts(from)),
                from.getLong(),
                from.getLong(),
                Fields.text(from),
                new EnumMap<>(InputTopic.class));
        AttributionCommit.TOPICS.forEach(topic -> read.next.put(topic, from.getLong()));
        return read;
    }
}
