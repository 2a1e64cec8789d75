package dev.millrace.app;

import dev.millrace.diagnosis.Facts;
import dev.millrace.topic.ClusterFacts;
import dev.millrace.topic.ClusterSurvey;
import dev.millrace.topic.MissingRightException;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.Topics;
import dev.millrace.topic.UnusableTopicException;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Collects the facts of an installation; changes nothing. */
public final class Checkup {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int INDEX_BYTES_AN_ITEM = 160; // beside 5 bytes for each dimension: docs/operations.md

    private final MillraceSettings settings;
    private final List<String> refused = new ArrayList<>();

    private Checkup(MillraceSettings settings) {
        this.settings = settings;
    }

    /**
     * @param heapBytes that a trainer or server has
     * @throws dev.millrace.topic.BrokerUnreachableException if no broker answers
     */
    public static Facts of(MillraceSettings settings, long heapBytes, InstantSource clock) throws IOException {
        return new Checkup(settings).facts(heapBytes, clock);
    }

    private Facts facts(long heapBytes, InstantSource clock) throws IOException {
        ClusterFacts cluster =
                ClusterSurvey.of(settings.clients(), settings.topics().names(), PATIENCE);
        List<String> topicFaults = allowed(this::topicFaults).orElse(List.of());
        List<JudgedTransaction> transactions =
                allowed(() -> settings.transactions().open()).orElse(List.of());
        Optional<TrainingProgress> progress = topicFaults.isEmpty()
                ? allowed(() -> new ProgressLog(settings.cluster()).ofLearner()).flatMap(latest -> latest)
                : Optional.empty();
        return new Facts(
                settings.clients().bootstrapServers(),
                cluster,
                topicFaults,
                transactions,
                progress,
                disks(),
                new Facts.Heap(
                        heapBytes,
                        HeapBudget.of(settings).usual(),
                        5L * settings.trainer().model().width() + INDEX_BYTES_AN_ITEM),
                clock.instant(),
                refused);
    }

    private List<String> topicFaults() {
        try {
            new Topics(settings.clients(), settings.topics(), PATIENCE).check();
            return List.of();
        } catch (UnusableTopicException unusable) {
            return unusable.faults();
        }
    }

    /** The volume of the state directory, or of the nearest folder that is there already. */
    private List<ClusterFacts.Disk> disks() throws IOException {
        Path folder = settings.stream().stateDirectory().toAbsolutePath();
        while (!Files.exists(folder) && folder.getParent() != null) {
            folder = folder.getParent();
        }
        FileStore store = Files.getFileStore(folder);
        return List.of(new ClusterFacts.Disk(
                "stream.state-directory " + folder, store.getTotalSpace(), store.getUsableSpace()));
    }

    private <T> Optional<T> allowed(Supplier<T> question) {
        try {
            return Optional.of(question.get());
        } catch (RuntimeException failure) {
            MissingRightException missing = MissingRightException.in(failure).orElseThrow(() -> failure);
            refused.add(String.valueOf(missing.getMessage()));
            return Optional.empty();
        }
    }
}
