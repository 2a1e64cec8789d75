package dev.millrace.app;

import dev.millrace.exam.ExamTotals;
import dev.millrace.state.Books;
import dev.millrace.stream.ClientSettings;
import dev.millrace.stream.PartProgress;
import dev.millrace.stream.ProgressRecords;
import dev.millrace.stream.TopicFollower;
import dev.millrace.stream.TopicRecord;
import dev.millrace.train.TrainingProgress;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What training says of itself, followed from its topic. Safe for threads. */
public final class ProgressWatch implements AutoCloseable {

    private final ProgressRecords records;
    private final TopicFollower follower;
    private final SortedMap<String, PartProgress> parts = new TreeMap<>();
    private final ExamTrail exams = new ExamTrail();

    public ProgressWatch(ClientSettings clients, String topic, ProgressRecords records) {
        this.records = records;
        this.follower = TopicFollower.start(clients, topic, this::take);
    }

    /** The learner's latest figures; absent before its first commit. */
    public synchronized Optional<TrainingProgress> training() {
        return parts.values().stream().flatMap(part -> part.training().stream()).findFirst();
    }

    /** The books of all parts together, by logical topic. */
    public synchronized SortedMap<String, Books.Account> books() {
        SortedMap<String, Books.Account> sums = new TreeMap<>();
        parts.values().forEach(part -> part.books()
                .forEach((topic, account) -> sums.merge(topic, account, Books.Account::plus)));
        return sums;
    }

    /** The exam over the last so many positives, as nearly as commits allow. */
    public synchronized ExamTotals examOfLast(long positives) {
        return exams.ofLast(positives);
    }

    /** The exam over the second half of the positives, as nearly as commits allow. */
    public synchronized ExamTotals examOfSecondHalf() {
        return exams.ofSecondHalf();
    }

    /** Why following ended; absent while it goes on. */
    public Optional<Throwable> failure() {
        return follower.failure();
    }

    @Override
    public void close() {
        follower.close();
    }

    private synchronized void take(TopicRecord record) {
        records.decode(record).ifPresent(part -> {
            parts.put(part.part(), part);
            part.training().ifPresent(training -> exams.add(training.positives(), training.exam()));
        });
    }
}
