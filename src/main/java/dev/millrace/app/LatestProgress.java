package dev.millrace.app;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.ExamTrail;
import dev.millrace.state.Books;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.PartProgress;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What each part said last, and the exams of one learner. Safe for threads. */
final class LatestProgress {

    private final String learner;
    private final SortedMap<String, PartProgress> parts = new TreeMap<>();
    private final ExamTrail exams = new ExamTrail();

    /** @param learner the part whose figures are wanted */
    LatestProgress(String learner) {
        this.learner = learner;
    }

    synchronized void take(PartProgress part) {
        parts.put(part.part(), part);
        if (part.part().equals(learner)) {
            part.training().ifPresent(training -> exams.add(training.positives(), training.exam()));
        }
    }

    synchronized Optional<TrainingProgress> training() {
        return Optional.ofNullable(parts.get(learner)).flatMap(PartProgress::training);
    }

    synchronized SortedMap<String, Books.Account> books() {
        SortedMap<String, Books.Account> sums = new TreeMap<>();
        parts.values().forEach(part -> part.books()
                .forEach((topic, account) -> sums.merge(topic, account, Books.Account::plus)));
        return sums;
    }

    synchronized ExamTotals examOfLast(long positives) {
        return exams.ofLast(positives);
    }

    synchronized ExamTotals examOfSecondHalf() {
        return exams.ofSecondHalf();
    }
}
