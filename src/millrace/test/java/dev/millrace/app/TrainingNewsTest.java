package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.model.RowCounts;
import dev.millrace.state.Books;
import dev.millrace.train.TrainingProgress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TrainingNewsTest {

    private static final long SECOND = 1_000_000_000L;

    private final TrainingNews news = new TrainingNews(0);

    @Test
    void saysTheFirstStepThenEveryMinute() {
        assertThat(take(SECOND, Optional.of(learner(0)))).isEmpty();
        assertThat(take(2 * SECOND, Optional.of(learner(1)))).contains("step 1  64 learnt  1,500 items");
        assertThat(take(3 * SECOND, Optional.of(learner(20)))).isEmpty();
        assertThat(take(62 * SECOND, Optional.of(learner(20)))).contains("step 20  1,280 learnt  1,500 items");
        assertThat(take(200 * SECOND, Optional.of(learner(20)))).isEmpty();
        assertThat(take(201 * SECOND, Optional.of(learner(21)))).isPresent();
    }

    @Test
    void aRecallHasItsErrorAndWhatPopularityFinds() {
        RankingTotals model = new RankingTotals(400, new long[] {80, 100, 120, 160}, 0);
        RankingTotals popularity = new RankingTotals(400, new long[] {20, 40, 60, 80}, 0);

        // √(.2 · .8 / 400) = .02
        assertThat(news.take(SECOND, Optional.of(learner(9)), new ExamTotals(model, popularity, 0), Map.of()))
                .get()
                .asString()
                .endsWith("R@10 0.200 ± 0.020 of the last 400  popularity 0.050");
    }

    @Test
    void aTrainerThatNothingComesToSaysSoOnce() {
        assertThat(take(19 * SECOND, Optional.empty())).isEmpty();
        assertThat(take(20 * SECOND, Optional.empty())).contains("nothing learnt yet: no event has come");
        assertThat(take(90 * SECOND, Optional.empty())).isEmpty();
    }

    @Test
    void eventsThatMakeNoBatchYetAreCounted() {
        Map<String, Books.Account> books =
                new TreeMap<>(Map.of("exposures", new Books.Account(12, 3, new TreeMap<>(Map.of("expired", 9L)))));

        assertThat(news.take(30 * SECOND, Optional.empty(), ExamTotals.NONE, books))
                .contains(
                        "nothing learnt yet: exposures 12 received, 3 waiting, expired 9; a batch closes at batch.size examples, "
                                + "or batch.max-wait after its first");
    }

    private Optional<String> take(long nanos, Optional<TrainingProgress> learner) {
        return news.take(nanos, learner, ExamTotals.NONE, Map.of());
    }

    private static TrainingProgress learner(long step) {
        return new TrainingProgress(
                "g1-1",
                step,
                64 * step,
                0,
                1,
                1,
                1_500,
                0,
                "",
                List.of(),
                RowCounts.NONE,
                0,
                ExamTotals.NONE,
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(),
                Optional.empty(),
                List.of());
    }
}
