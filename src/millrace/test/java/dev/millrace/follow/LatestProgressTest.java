package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.model.RowCounts;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.PartProgress;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LatestProgressTest {

    @Test
    void aLearnerFromTheLogReportsItselfAlone() {
        LatestProgress shadow = new LatestProgress(PartProgress.logLearner("shadow"));
        LatestProgress live = new LatestProgress(PartProgress.LEARNER);
        for (LatestProgress each : List.of(shadow, live)) {
            each.take(said(PartProgress.LEARNER, 9));
            assertThat(each.training().isPresent()).isEqualTo(each == live);
            each.take(said(PartProgress.logLearner("shadow"), 4));
            each.take(said("attribute-0_1", 0));
        }

        assertThat(shadow.training().orElseThrow().step()).isEqualTo(4);
        assertThat(live.training().orElseThrow().step()).isEqualTo(9);
        assertThat(shadow.books()
                        .getOrDefault("clicks", new Books.Account(0, 0, new TreeMap<>()))
                        .received())
                .isEqualTo(3); // of all parts
    }

    @Test
    void eachLearnerIsFoundByItsGenerationAndHasItsOwnExams() {
        LatestProgress latest = new LatestProgress(PartProgress.LEARNER);
        String shadow = PartProgress.logLearner("shadow");

        latest.take(said(PartProgress.LEARNER, "g1", 9));
        latest.take(said(shadow, "g2", 4));
        latest.take(said("attribute-0_1", "", 0));

        assertThat(latest.learnerOf("g1").map(PartProgress::part)).hasValue(PartProgress.LEARNER);
        assertThat(latest.learnerOf("g2").map(PartProgress::part)).hasValue(shadow);
        assertThat(latest.learnerOf("g3")).isEmpty();
        assertThat(latest.examOfLast(100).model().scored()).isEqualTo(9);
        assertThat(latest.examOfLast(shadow, 100).model().scored()).isEqualTo(4);
    }

    /** Unclicked exposures that are sampled become examples too, and the books do not say how many. */
    @Test
    void allThatWasSentIsSettledWhateverItsOutcomesWere() {
        LatestProgress live = new LatestProgress(PartProgress.LEARNER);
        Map<InputTopic, Long> sent = Map.of(InputTopic.EXPOSURES, 50L, InputTopic.CLICKS, 4L);
        live.take(part("attribute-0_0", "exposures", account(49, 20, "unclicked", 29)));
        live.take(part("attribute-0_1", "clicks", account(4, 1, "attributed", 3)));
        live.take(part(PartProgress.LEARNER, "training-examples", account(7, 0, "learnt", 7)));
        assertThat(live.settledUpTo(sent, "training-examples-0")).isEmpty(); // an exposure is missing

        live.take(part("attribute-0_0", "exposures", account(50, 20, "unclicked", 30)));
        assertThat(live.settledUpTo(sent, "training-examples-0")).hasValue(7);

        live.take(part(PartProgress.LEARNER, "training-examples", account(8, 1, "learnt", 7)));
        assertThat(live.settledUpTo(sent, "training-examples-0")).isEmpty(); // an example waits
    }

    @Test
    void announcedItemsMayWaitAndExamplesBesideThemMayNot() {
        LatestProgress live = new LatestProgress(PartProgress.LEARNER);
        SortedMap<String, Double> announced = new TreeMap<>(Map.of(Figure.ANNOUNCED.label(), 2.0));

        live.take(learner(account(9, 3, "learnt", 6), announced));
        assertThat(live.settledUpTo(Map.of(), "training-examples-0")).isEmpty(); // an example waits

        live.take(learner(account(9, 2, "learnt", 7), announced));
        assertThat(live.settledUpTo(Map.of(), "training-examples-0")).hasValue(9);
    }

    private static PartProgress learner(Books.Account account, SortedMap<String, Double> figures) {
        PartProgress part = part(PartProgress.LEARNER, "training-examples", account);
        return new PartProgress(
                part.part(), 0, part.books(), part.positions(), Optional.of(training("g1", 1, figures)));
    }

    private static Books.Account account(long received, long waiting, String outcome, long count) {
        return new Books.Account(received, waiting, new TreeMap<>(Map.of(outcome, count)));
    }

    private static PartProgress part(String part, String topic, Books.Account account) {
        SortedMap<String, Long> positions = new TreeMap<>(Map.of(topic + "-0", account.received()));
        return new PartProgress(part, 0, new TreeMap<>(Map.of(topic, account)), positions, Optional.empty());
    }

    private static PartProgress said(String part, long step) {
        return said(part, "g1", step);
    }

    /** @param step and as many examined positives */
    private static PartProgress said(String part, String generation, long step) {
        SortedMap<String, Books.Account> books =
                new TreeMap<>(Map.of("clicks", new Books.Account(1, 1, new TreeMap<>())));
        Optional<TrainingProgress> training =
                part.startsWith("learn") ? Optional.of(training(generation, step, new TreeMap<>())) : Optional.empty();
        return new PartProgress(part, 1, books, Collections.emptySortedMap(), training);
    }

    private static TrainingProgress training(String generation, long step, SortedMap<String, Double> figures) {
        return new TrainingProgress(
                generation,
                step,
                step,
                0,
                1,
                1,
                1,
                1,
                "",
                List.of(),
                new RowCounts(0, 0, 0, 0),
                0,
                new ExamTotals(new RankingTotals(step, new long[4], 0), RankingTotals.NONE, 0),
                new TreeMap<>(),
                new TreeMap<>(),
                figures,
                Optional.empty(),
                List.of());
    }
}
