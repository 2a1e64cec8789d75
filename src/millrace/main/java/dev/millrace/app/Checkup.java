package dev.millrace.app;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.alarm.Symptom;
import dev.millrace.diagnosis.Facts;
import dev.millrace.operation.Progress;
import dev.millrace.state.Books;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.ClusterFacts;
import dev.millrace.topic.ClusterFacts.OpenQuestion;
import dev.millrace.topic.ClusterFacts.OpenQuestion.Subject;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicGrowth;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.topic.transaction.JudgedTransaction;
import dev.millrace.verify.books.AuditableCommits;
import dev.millrace.wire.PartProgress;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.function.Supplier;

/** Collects the facts of an installation; changes nothing. */
public final class Checkup {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int QUESTIONS = 6;
    private static final int INDEX_BYTES_AN_ITEM = 160; // beside 5 bytes for each dimension: docs/operations.md

    private final MillraceSettings settings;
    private final Progress progress;
    private final List<OpenQuestion> open = new ArrayList<>();
    private int asked;

    private Checkup(MillraceSettings settings, Progress progress) {
        this.settings = settings;
        this.progress = progress;
    }

    /**
     * @param heapBytes that a trainer or server has
     * @param progress told before each question, which a slow cluster may take seconds for
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     */
    public static Facts of(MillraceSettings settings, long heapBytes, InstantSource clock, Progress progress)
            throws IOException {
        return new Checkup(settings, progress).facts(heapBytes, clock);
    }

    private Facts facts(long heapBytes, InstantSource clock) throws IOException {
        next("cluster");
        ClusterFacts cluster =
                ClusterFacts.of(settings.clients(), settings.topics().names(), PATIENCE);
        open.addAll(cluster.open());
        next("topics");
        List<String> topicFaults = answer(Subject.TOPICS, this::topicFaults).orElse(List.of());
        List<String> otherPartitions = topicFaults.isEmpty() && !isOpen(Subject.TOPICS)
                ? answer(Subject.TOPICS, () -> topics().otherPartitions()).orElse(List.of())
                : List.of();
        next("transactions");
        List<JudgedTransaction> transactions = answer(
                        Subject.TRANSACTIONS, () -> settings.allTransactions().open())
                .orElse(List.of());
        if (!isOpen(Subject.TRANSACTIONS)) { // what was found stands, also if something is hidden
            answer(Subject.TRANSACTIONS, this::nothingIsHidden);
        }
        next("progress of the parts");
        Map<String, PartProgress> parts = answer(Subject.PROGRESS, this::parts).orElse(Map.of());
        next("commits of the attribution");
        Optional<Facts.Auditable> auditable = topicFaults.isEmpty()
                ? answer(Subject.AUDITS, this::auditable).flatMap(found -> found)
                : Optional.empty();
        next("disks");
        List<ClusterFacts.Disk> disks = disks();
        List<TopicGrowth> growth = isOpen(Subject.DISKS)
                ? List.of()
                : answer(
                                Subject.DISKS,
                                () -> TopicGrowth.of(
                                        settings.clients(), settings.topics().names(), clock.instant(), PATIENCE))
                        .orElse(List.of());
        progress.reached("", QUESTIONS, QUESTIONS);
        return new Facts(
                settings.clients().bootstrapServers(),
                cluster,
                topicFaults,
                otherPartitions,
                transactions,
                report(parts),
                events(parts),
                disks,
                auditable,
                growth,
                new Facts.Heap(
                        heapBytes,
                        HeapBudget.of(settings).usual(),
                        5L * settings.trainer().model().width() + INDEX_BYTES_AN_ITEM,
                        2 + settings.serve().keptGenerations()),
                clock.instant(),
                open);
    }

    private void next(String subject) {
        progress.reached(subject, asked++, QUESTIONS);
    }

    private boolean nothingIsHidden() {
        WrittenTopics.requireVisible(settings);
        return true;
    }

    private Map<String, PartProgress> parts() {
        return new ProgressLog(settings.cluster().withPatience(PATIENCE)).latest();
    }

    private Optional<Facts.Auditable> auditable() {
        Cluster cluster = settings.cluster().withPatience(PATIENCE);
        try (TopicReader log = cluster.reader()) {
            return AuditableCommits.of(log, cluster.wire(), cluster.topics());
        }
    }

    private static Optional<Facts.Report> report(Map<String, PartProgress> parts) {
        return Optional.ofNullable(parts.get(PartProgress.LEARNER)).flatMap(part -> part.training()
                .map(training -> new Facts.Report(training, Instant.ofEpochMilli(part.writtenAt()))));
    }

    private Facts.Events events(Map<String, PartProgress> parts) {
        SortedMap<String, Books.Account> books =
                Books.sum(parts.values().stream().map(PartProgress::books));
        InputAlarms alarms = new InputAlarms(settings.inputAlarms());
        OptionalDouble farShare = Optional.ofNullable(parts.get(PartProgress.LEARNER))
                .map(PartProgress::farShare)
                .orElse(OptionalDouble.empty());
        alarms.take("all parts", books, farShare, false);
        List<InputAlarms.State> active = alarms.states().stream()
                .filter(InputAlarms.State::isActive)
                .filter(alarm -> alarm.kind() != Symptom.MISPLACED_RECORDS) // the books do not say when they came
                .toList();
        return new Facts.Events(books, active);
    }

    private boolean isOpen(Subject subject) {
        return open.stream().anyMatch(question -> question.subject() == subject);
    }

    private Topics topics() {
        return new Topics(settings.clients(), settings.topics(), PATIENCE);
    }

    private List<String> topicFaults() {
        try {
            topics().check();
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

    /** A broker has answered before: whatever stays without an answer now is a fact of its own. */
    private <T> Optional<T> answer(Subject subject, Supplier<T> question) {
        try {
            return Optional.of(question.get());
        } catch (BrokerUnreachableException late) {
            Throwable cause =
                    late.getCause() == null ? late : late.getCause(); // its own message says that no broker answers
            open.add(new OpenQuestion(subject, "no answer in time: " + cause.getMessage(), false));
        } catch (UnusableTopicException unusable) {
            open.add(new OpenQuestion(subject, String.join("; ", unusable.faults()), false));
        } catch (RuntimeException failure) {
            MissingRightException missing = MissingRightException.in(failure).orElseThrow(() -> failure);
            open.add(new OpenQuestion(subject, String.valueOf(missing.getMessage()), true));
        }
        return Optional.empty();
    }
}
