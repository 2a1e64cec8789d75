package dev.millrace.stream;

import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.fault.UnusableTopicException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * The learner of an application as the cluster keeps it, or each of several: the changelog of its store, and where its group stands in the log.
 * One thread.
 */
public final class LearnerState {

    private static final String APPLICATION_ID = "stream.application-id";

    private final ClientSettings clients;
    private final StreamSettings settings;
    private final Part part;
    private final String application;
    private final Changelog changelog;
    private Progress progress = Progress.NONE;

    public LearnerState(ClientSettings clients, StreamSettings settings, Part part) {
        this.clients = clients;
        this.settings = settings;
        this.part = part;
        this.application = settings.applicationId(part);
        this.changelog = Changelog.of(clients, settings, part);
    }

    /** Tells somebody how much of the changelog was read, or how many entries were sent to it. */
    public LearnerState followedBy(Progress follower) {
        progress = follower;
        return this;
    }

    /** The application's id, which is its group's name too. */
    public String application() {
        return application;
    }

    /** The settings that the learner was begun with. */
    public KeptSettings kept() {
        return StoredSettings.of(clients, settings, part, TopicReader.PATIENCE);
    }

    /**
     * Reads the learner's entries as of its last commit, whether it runs or not, as {@link Changelog#read}.
     *
     * @param into empty; filled
     * @param isWhole whether what was read so far is all entries of one commit
     * @return false if it is not, however often it was read on
     * @throws UnusableTopicException if there is no such application
     */
    public boolean read(EntrySink into, BooleanSupplier isWhole) {
        return read(0, into, isWhole);
    }

    /** Returns the number of its learners: several that share a model have a part of the changelog each. */
    public int learners() {
        requireChangelog();
        return changelog.partitions();
    }

    /** As {@link #read(EntrySink, BooleanSupplier)}, of one of several learners. */
    public boolean read(int learner, EntrySink into, BooleanSupplier isWhole) {
        requireChangelog();
        return changelog.read(learner, into, isWhole, progress);
    }

    private void requireChangelog() {
        if (!changelog.exists()) {
            throw new UnusableTopicException(List.of("there is no learner of application " + application
                    + ": its changelog " + changelog.name() + " is missing; name the " + APPLICATION_ID
                    + " it was started with, and --from mini-batches if it learns from the log"));
        }
    }

    /**
     * Begins an application that never existed: with these entries, at that offset of its input. If this fails, nothing is left that a
     * trainer would start from.
     *
     * @param kept settings that the entries depend on
     * @param input topic that it learns from
     * @param offset of the next record that it learns
     * @throws InvalidSettingsException if there is anything of that application in the cluster or in the state directory
     */
    public void begin(EntrySource entries, KeptSettings kept, String input, long offset) {
        NewApplication begun = new NewApplication(clients, settings, part);
        begun.requireNeverStarted();
        changelog.create(1, Map.of());
        TopicPartition partition = new TopicPartition(input, 0);
        try (StateTransaction transaction =
                new StateTransaction(clients, settings, application + "-import", Set.of(), Set.of(application))) {
            begun.requireEmpty(changelog);
            transaction.begin();
            transaction.keep(changelog, 0, kept);
            AtomicLong sent = new AtomicLong();
            entries.scan(new byte[0], (key, value) -> {
                transaction.send(changelog.name(), 0, key, Optional.of(value));
                progress.reached("sent", sent.incrementAndGet(), Progress.UNKNOWN);
                return true;
            });
            transaction.position(changelog, 0, partition, offset);
            transaction.offsets(application, Map.of(partition, StateTransaction.reached(offset)));
            transaction.commit();
        } catch (CommitFailedException inUse) {
            throw begun.inUse();
        } catch (KafkaException failed) {
            throw new IllegalStateException(
                    "the entries of " + application + " were not written, and nothing of them will be seen: "
                            + failed.getMessage(),
                    failed);
        }
    }
}
