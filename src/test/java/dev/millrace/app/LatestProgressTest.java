package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.exam.ExamTotals;
import dev.millrace.model.RowCounts;
import dev.millrace.state.Books;
import dev.millrace.stream.MillraceTopology;
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
    void aLearnerFromTheLogTellsOfItselfAndNotOfTheOneThatWritesIt() {
        LatestProgress shadow = new LatestProgress(MillraceTopology.logLearnerPart("shadow"));
        LatestProgress live = new LatestProgress(MillraceTopology.LEARNER_PART);
        for (LatestProgress each : List.of(shadow, live)) {
            each.take(said(MillraceTopology.LEARNER_PART, 9));
            assertThat(each.training().isPresent()).isEqualTo(each == live);
            each.take(said(MillraceTopology.logLearnerPart("shadow"), 4));
            each.take(said("attribute-0_1", 0));
        }

        assertThat(shadow.training().orElseThrow().step()).isEqualTo(4);
        assertThat(live.training().orElseThrow().step()).isEqualTo(9);
        assertThat(shadow.books()
                        .getOrDefault("clicks", new Books.Account(0, 0, new TreeMap<>()))
                        .received())
                .isEqualTo(3); // of all parts
    }

    private static PartProgress said(String part, long step) {
        SortedMap<String, Books.Account> books =
                new TreeMap<>(Map.of("clicks", new Books.Account(1, 1, new TreeMap<>())));
        Optional<TrainingProgress> training = part.startsWith("learn")
                ? Optional.of(new TrainingProgress(
                        "g1",
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
                        ExamTotals.NONE,
                        new TreeMap<>(),
                        new TreeMap<>(),
                        new TreeMap<>(),
                        Optional.empty(),
                        List.of()))
                : Optional.empty();
        return new PartProgress(part, 1, books, Collections.emptySortedMap(), training);
    }
}
