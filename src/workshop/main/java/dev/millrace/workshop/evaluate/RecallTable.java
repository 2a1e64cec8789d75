package dev.millrace.workshop.evaluate;

import dev.millrace.exam.RankingTotals;
import java.util.Locale;

/** Recall of several rankings as lines for a terminal. */
public final class RecallTable {

    public static final String HEAD = "                 R@10    R@20    R@50   R@100  NDCG@10";

    private RecallTable() {}

    public static String row(String name, RankingTotals totals) {
        return String.format(
                Locale.ROOT,
                "%-12s    %.4f  %.4f  %.4f  %.4f   %.4f",
                name,
                totals.recallAt(10),
                totals.recallAt(20),
                totals.recallAt(50),
                totals.recallAt(100),
                totals.ndcg10());
    }
}
