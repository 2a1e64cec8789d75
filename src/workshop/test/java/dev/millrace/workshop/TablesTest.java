package dev.millrace.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.state.Books;
import dev.millrace.workshop.evaluate.RecallTable;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TablesTest {

    @Test
    void anAccountNamesEveryOutcomeThatOccurred() {
        Books.Account account = new Books.Account(
                1_100, 2, new TreeMap<>(Map.of("attributed", 1_090L, "duplicate", 8L, "rejected: bad-key", 0L)));

        assertThat(Tables.account("clicks", account))
                .isEqualTo("clicks             1,100 received = 1,090 attributed + 8 duplicate + 2 waiting");
    }

    @Test
    void anAccountThatDoesNotBalanceSaysSo() {
        // 9 + 0 is not 10
        Books.Account account = new Books.Account(10, 0, new TreeMap<>(Map.of("attributed", 9L)));

        assertThat(Tables.account("clicks", account)).endsWith("DOES NOT BALANCE");
    }

    @Test
    void theModelsRecallStandsAbovePopularitys() {
        // ranks 1 and 30: half within 10 and 20, both within 50; NDCG@10 = (1/log2(2)) / 2
        RankingTotals model = RankingTotals.NONE.plus(1).plus(30);
        // ranks 200 and 15: none within 10, half within 20
        RankingTotals popularity = RankingTotals.NONE.plus(200).plus(15);

        assertThat(Tables.recall("all", new ExamTotals(model, popularity, 3)).lines())
                .containsExactly(
                        "all: 2 events ranked, 3 without history not ranked",
                        RecallTable.HEAD,
                        "model           0.5000  0.5000  1.0000  1.0000   0.5000",
                        "popularity      0.0000  0.5000  0.5000  0.5000   0.0000");
    }
}
