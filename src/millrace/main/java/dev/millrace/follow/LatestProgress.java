package dev.millrace.follow;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.ExamTrail;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.PartProgress;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** The latest progress of each part, and the exams of each learner. Safe for threads. */
final class LatestProgress {

    private final String learner;
    private final SortedMap<String, PartProgress> parts = new TreeMap<>();
    private final Map<String, ExamTrail> exams = new HashMap<>(); // by part
    private Optional<SortedMap<String, Books.Account>> books = Optional.empty(); // of all parts, once asked for

    /** @param learner the part whose training progress is given */
    LatestProgress(String learner) {
        this.learner = learner;
    }

    synchronized void take(PartProgress part) {
        parts.put(part.part(), part);
        books = Optional.empty();
        part.training().ifPresent(training -> exams(part.part()).add(training.positives(), training.exam()));
    }

    private ExamTrail exams(String part) {
        return exams.computeIfAbsent(part, name -> new ExamTrail());
    }

    synchronized Optional<TrainingProgress> training() {
        return Optional.ofNullable(parts.get(learner)).flatMap(PartProgress::training);
    }

    synchronized SortedMap<String, PartProgress> parts() {
        return new TreeMap<>(parts);
    }

    /** The part that learns a generation; the learner that writes the log comes first. */
    synchronized Optional<PartProgress> learnerOf(String generation) {
        return parts.values().stream()
                .filter(part -> part.training()
                        .filter(training -> training.generation().equals(generation))
                        .isPresent())
                .findFirst();
    }

    synchronized SortedMap<String, Books.Account> books() {
        if (books.isEmpty()) { // a scrape asks some hundred times
            books = Optional.of(Collections.unmodifiableSortedMap(
                    Books.sum(parts.values().stream().map(PartProgress::books))));
        }
        return books.get();
    }

    /**
     * Where the learner stands in the training examples, if the books have all that was sent and no example waits. Announced items may wait: with no
     * more events, their time does not come.
     *
     * @param sent events by topic
     * @param examples the partition of the training examples, as positions name it
     * @return the offset behind the last example learnt; absent while something is missing or waits
     */
    synchronized OptionalLong settledUpTo(Map<InputTopic, Long> sent, String examples) {
        SortedMap<String, Books.Account> books = books();
        for (Map.Entry<InputTopic, Long> topic : sent.entrySet()) {
            if (Books.Account.of(topic.getKey(), books).received() < topic.getValue()) {
                return OptionalLong.empty();
            }
        }
        long announced = training()
                .map(training -> Math.round(training.figure(Figure.ANNOUNCED))) // 0 if not measured
                .orElse(0L);
        if (Books.Account.of(InputTopic.EXAMPLES, books).waiting() > announced) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Optional.ofNullable(parts.get(learner))
                .flatMap(part -> Optional.ofNullable(part.positions().get(examples)))
                .orElse(0L));
    }

    synchronized ExamTotals examOfLast(long positives) {
        return examOfLast(learner, positives);
    }

    synchronized ExamTotals examOfLast(String part, long positives) {
        return exams(part).ofLast(positives);
    }

    synchronized ExamTotals examOfSecondHalf() {
        return exams(learner).ofSecondHalf();
    }
}
