package dev.millrace.checkpoint;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.topic.BatchLog.LoggedBatch;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A learner at one step of its log: its entries, and where they come from.
 *
 * @param entries all entries of the learner, and no others; who opened them closes them
 */
public record Checkpoint(Header header, EntrySource entries) {

    /** Who made the entries. */
    public enum Source {
        /** The learner itself: its changelog holds them. */
        LEARNER,
        /** An audit that learnt the log again. */
        AUDIT;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Source of(String text) {
            return Arrays.stream(values())
                    .filter(source -> source.text().equals(text))
                    .findFirst()
                    .orElseThrow(() -> new CorruptEntryException("it was made by " + text + ", this program knows "
                            + Arrays.stream(values()).map(Source::text).collect(Collectors.joining(", "))));
        }
    }

    /**
     * Who made the checkpoint, and when.
     *
     * @param version of Millrace
     * @param writtenAt epoch milliseconds wall clock
     */
    public record Origin(Source source, String version, long writtenAt) {

        /** Made now, by this program. */
        public static Origin now(Source source) {
            String version = Checkpoint.class.getPackage().getImplementationVersion();
            return new Origin(source, version == null ? "(built from source)" : version, System.currentTimeMillis());
        }
    }

    /**
     * Where the last batch that was learnt is in the log.
     *
     * @param offset within the partition
     * @param sha256 of the record's value, in hexadecimal
     */
    public record LogPlace(String topic, int partition, long offset, String sha256) {

        public static LogPlace of(LoggedBatch logged) {
            return new LogPlace(logged.topic(), logged.partition(), logged.offset(), logged.sha256());
        }

        @Override
        public String toString() {
            return "offset " + offset + " of " + topic + "-" + partition;
        }
    }

    /**
     * What a checkpoint says of itself.
     *
     * @param learnt step that the entries are as of, and their digest
     * @param log absent before the first step, and where the log has that batch no longer
     * @param settings of the learner, by key, defaults included
     */
    public record Header(
            Origin origin,
            Lineage lineage,
            StepDigest learnt,
            Optional<LogPlace> log,
            SortedMap<String, String> settings) {

        public Header {
            settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        }

        public long step() {
            return learnt.step();
        }
    }

    /**
     * The settings that its learner had, read again.
     *
     * @throws CorruptEntryException if this program understands them otherwise than the one that wrote it
     */
    public LearnerSettings settings() {
        LearnerSettings settings = LearnerSettings.read(header.settings());
        String hash = settings.hash();
        if (!hash.equals(header.lineage().settingsHash())) {
            throw new CorruptEntryException("its settings have the hash "
                    + header.lineage().settingsHash() + ", this program, of another version than "
                    + header.origin().version() + ", makes " + hash + " of them");
        }
        return settings;
    }

    /**
     * The learner, to look at: on any engine, and not to learn on. It reads embedding rows from the entries when it needs them.
     *
     * @throws CorruptEntryException if an entry is missing, or one of another commit
     */
    public Trainer toLookAt() {
        Trainer trainer = LearnerEntries.toLookAt(settings().trainer(), entries);
        StepDigest found = trainer.digest().orElseThrow();
        if (!found.equals(header.learnt())) {
            throw new CorruptEntryException("its entries have the digest " + found.digest() + " at step " + found.step()
                    + ", it names " + header.learnt().digest() + " at step " + header.step());
        }
        return trainer;
    }
}
