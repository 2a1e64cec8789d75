package dev.millrace.wire;

import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * The progress of one part of the application, as of one of its commits.
 *
 * @param part {@code attribute-TASK} for each task that reads events, {@code map-TASK} that maps topics, {@code learn-0} for the learner
 * @param writtenAt when, epoch milliseconds wall clock
 * @param books accounts of the events, by topic; sum them over parts
 * @param positions the offset behind the last record that the books count, by topic and partition: {@code clicks-0}
 * @param training the learner's own figures; absent for other parts
 * @param experiment what was counted in the latest experiment; absent before any, and for parts that count none
 */
public record PartProgress(
        String part,
        long writtenAt,
        SortedMap<String, Books.Account> books,
        SortedMap<String, Long> positions,
        Optional<TrainingProgress> training,
        Optional<Counted> experiment) {

    /**
     * What a part counted in an experiment.
     *
     * @param experiment as far as its states have come to the part
     */
    public record Counted(Experiment experiment, ExperimentSums sums) {

        /** Returns the parts that read what an experiment counts: those that have had such events. */
        public static List<PartProgress> parts(Experiment experiment, Collection<PartProgress> parts) {
            String counted =
                    (experiment.plan().per() == Experiment.Per.USER ? InputTopic.CLICKS : InputTopic.EXPOSURES).label();
            return parts.stream()
                    .filter(part -> part.training().isEmpty() && part.books().containsKey(counted))
                    .toList();
        }

        /** Returns which of the {@link #parts} do not count it as it is now, and what they count; absent if all do. */
        public static Optional<String> uncounted(Experiment experiment, Collection<PartProgress> parts) {
            String others = parts(experiment, parts).stream()
                    .filter(part -> part.experiment()
                            .filter(counted -> counted.experiment().equals(experiment))
                            .isEmpty())
                    .map(part -> part.part() + " counts "
                            + part.experiment()
                                    .map(counted -> counted.experiment().name() + " in stage "
                                            + (counted.experiment().stage() + 1))
                                    .orElse("none"))
                    .collect(Collectors.joining(", "));
            return Optional.of(others).filter(text -> !text.isEmpty());
        }

        /** Returns what all parts together counted in an experiment. */
        public static ExperimentSums sums(Experiment experiment, Collection<PartProgress> parts) {
            return parts.stream()
                    .flatMap(part -> part.experiment().stream())
                    .filter(counted -> counted.experiment().isSameAs(experiment))
                    .map(Counted::sums)
                    .reduce(new ExperimentSums(), ExperimentSums::plus);
        }
    }

    /** Creates the progress of a part without an experiment. */
    public PartProgress(
            String part,
            long writtenAt,
            SortedMap<String, Books.Account> books,
            SortedMap<String, Long> positions,
            Optional<TrainingProgress> training) {
        this(part, writtenAt, books, positions, training, Optional.empty());
    }

    /** The part of the learner that makes the mini-batches. */
    public static final String LEARNER = "learn-0";

    /** The share of items whose time is more than a week ahead, if this part knows. */
    public OptionalDouble farShare() {
        return training.map(one -> one.figure(Figure.FAR_ITEMS))
                .filter(share -> !share.isNaN())
                .map(OptionalDouble::of)
                .orElse(OptionalDouble.empty());
    }

    /** The part of a learner from the log, of which there may be several. */
    public static String logLearner(String application) {
        return "learn-from-log-0 " + application;
    }
}
