package dev.millrace.follow;

import dev.millrace.exam.ExamTotals;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicFollower;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Follows the topic of training progress, and keeps the latest. Safe for threads. */
public final class ProgressWatch implements AutoCloseable {

    private final AvroWire wire;
    private final TopicFollower follower;
    private final LatestProgress latest;
    private final List<Consumer<PartProgress>> listeners;

    /** Follows the learner that writes the log. */
    public ProgressWatch(ClientSettings clients, String topic, AvroWire wire) {
        this(clients, topic, wire, PartProgress.LEARNER);
    }

    /** @param learner the part whose training progress is given; a learner from the log may report on the same topic */
    public ProgressWatch(ClientSettings clients, String topic, AvroWire wire, String learner) {
        this(clients, topic, wire, learner, part -> {});
    }

    /** @param listener told of each progress, in the order of the topic */
    public ProgressWatch(
            ClientSettings clients, String topic, AvroWire wire, String learner, Consumer<PartProgress> listener) {
        this.wire = wire;
        this.listeners = new CopyOnWriteArrayList<>(List.of(listener));
        this.latest = new LatestProgress(learner);
        this.follower = TopicFollower.start(clients, topic, this::take);
    }

    /** The learner's latest figures; absent before its first commit. */
    public Optional<TrainingProgress> training() {
        return latest.training();
    }

    /** The books of all parts together, by logical topic. */
    public SortedMap<String, Books.Account> books() {
        return latest.books();
    }

    /** The latest progress of each part, by part. */
    public SortedMap<String, PartProgress> parts() {
        return latest.parts();
    }

    /** See {@link LatestProgress#learnerOf}. */
    public Optional<PartProgress> learnerOf(String generation) {
        return latest.learnerOf(generation);
    }

    /** See {@link LatestProgress#settledUpTo}. */
    public OptionalLong settledUpTo(Map<InputTopic, Long> sent, String examples) {
        return latest.settledUpTo(sent, examples);
    }

    /** The exam over the last so many positives, as nearly as commits allow. */
    public ExamTotals examOfLast(long positives) {
        return latest.examOfLast(positives);
    }

    /** The same of any learner. */
    public ExamTotals examOfLast(String part, long positives) {
        return latest.examOfLast(part, positives);
    }

    /** The exam over the second half of the positives, as nearly as commits allow. */
    public ExamTotals examOfSecondHalf() {
        return latest.examOfSecondHalf();
    }

    /** Records read so far, those of before this process too. */
    public long recordsRead() {
        return follower.records();
    }

    /** Tells of each progress from now on, in the order of the topic, on the thread that follows. */
    public void listenTo(Consumer<PartProgress> another) {
        listeners.add(another);
    }

    /**
     * Runs it once all progress has been read that there was when following began: at once, or on the thread that follows. Before, the latest
     * progress may be older than what an earlier process knew.
     */
    public void onceCaughtUp(Runnable then) {
        follower.onceCaughtUp(then);
    }

    /** Why following ended; absent while it goes on. */
    public Optional<Throwable> failure() {
        return follower.failure();
    }

    @Override
    public void close() {
        follower.close();
    }

    private void take(TopicRecord record) {
        wire.decode(Topic.TRAINING_PROGRESS, record).ifPresent(part -> {
            latest.take(part);
            listeners.forEach(listener -> listener.accept(part));
        });
    }
}
