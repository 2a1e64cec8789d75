package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.checkpoint.EntryFile;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Fields;
import dev.millrace.state.InputTopic;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whose the entries of an attribution are that a checkpoint holds, and where it stood in its topics.
 *
 * @param application its id
 * @param partition of its inputs
 * @param partitions how many there were
 * @param settings that the entries depend on
 * @param commits where its next commit is, or none yet
 * @param examples offset behind its last training example
 * @param last its last commit; absent if it has none
 * @param positions offsets behind its last events; 0 before the first
 * @param next where its next events are, or none yet
 */
record AttributionPlace(
        String application,
        int partition,
        int partitions,
        KeptSettings settings,
        long commits,
        long examples,
        Optional<Commit> last,
        Map<InputTopic, Long> positions,
        Map<InputTopic, Long> next) {

    /** A commit, and the SHA-256 of its record. */
    record Commit(long offset, String digest) {}

    private static final long NONE = -1;

    static final EntryFile<AttributionPlace> FORM = new EntryFile<>(
            "MILLRATT",
            1,
            "only the build that wrote it reads it",
            (to, place) -> place.write(to),
            AttributionPlace::read);

    /** Where an attribution begins that has not read anything. */
    static AttributionPlace beginning(String application, int partition, int partitions, KeptSettings settings) {
        return new AttributionPlace(
                application, partition, partitions, settings, 0, 0, Optional.empty(), Map.of(), Map.of());
    }

    /** The same attribution, elsewhere. */
    AttributionPlace at(
            long nextCommit,
            long nextExample,
            Optional<Commit> lastCommit,
            Map<InputTopic, Long> behind,
            Map<InputTopic, Long> following) {
        return new AttributionPlace(
                application,
                partition,
                partitions,
                settings,
                nextCommit,
                nextExample,
                lastCommit,
                Map.copyOf(behind),
                Map.copyOf(following));
    }

    long position(InputTopic topic) {
        return positions.getOrDefault(topic, 0L);
    }

    long next(InputTopic topic) {
        return next.getOrDefault(topic, 0L);
    }

    /** Why another place is not one of the same attribution; absent if it is. */
    Optional<String> difference(AttributionPlace other) {
        if (!application.equals(other.application) || partition != other.partition || partitions != other.partitions) {
            return Optional.of("it is of partition " + other.partition + " of " + other.partitions + " of application "
                    + other.application);
        }
        return settings.differences(other.settings).stream()
                .findFirst()
                .map(setting ->
                        "it has " + setting.key() + " = " + setting.ofState() + ", here it is " + setting.here());
    }

    private void write(Fields to) {
        to.text(application).integer(partition).integer(partitions);
        EntryFile.write(to, settings.texts());
        to.longInteger(commits).longInteger(examples);
        to.longInteger(last.map(Commit::offset).orElse(NONE))
                .text(last.map(Commit::digest).orElse(""));
        AttributionCommit.TOPICS.forEach(
                topic -> to.longInteger(position(topic)).longInteger(next(topic)));
    }

    private static AttributionPlace read(ByteBuffer from) {
        AttributionPlace read = new AttributionPlace(
                Fields.text(from),
                from.getInt(),
                from.getInt(),
                new KeptSettings(EntryFile.texts(from)),
                from.getLong(),
                from.getLong(),
                Optional.of(new Commit(from.getLong(), Fields.text(from))).filter(commit -> commit.offset != NONE),
                new EnumMap<>(InputTopic.class),
                new EnumMap<>(InputTopic.class));
        for (InputTopic topic : AttributionCommit.TOPICS) {
            read.positions.put(topic, from.getLong());
            read.next.put(topic, from.getLong());
        }
        return read;
    }
}
