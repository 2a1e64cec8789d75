package dev.millrace.cli;

import dev.millrace.evaluate.NearestAverages;
import dev.millrace.evaluate.PublishedVectors;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.state.Books;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Figures as lines for a terminal. */
final class Tables {

    static final String RECALL_HEAD = "                 R@10    R@20    R@50   R@100  NDCG@10";

    private Tables() {}

    /** One topic's books: {@code clicks: 100 received = 90 attributed + 8 duplicate + 2 waiting}. */
    static String account(String topic, Books.Account account) {
        String outcomes = account.outcomes().entrySet().stream()
                .filter(entry -> entry.getValue() != 0)
                .map(entry -> String.format(Locale.ROOT, "%,d %s + ", entry.getValue(), entry.getKey()))
                .collect(Collectors.joining());
        return String.format(
                Locale.ROOT,
                "%-18s %,d received = %s%,d waiting%s",
                topic,
                account.received(),
                outcomes,
                account.waiting(),
                account.isBalanced() ? "" : "   DOES NOT BALANCE");
    }

    /** The model beside popularity. */
    static String recall(String what, ExamTotals exam) {
        return String.format(
                Locale.ROOT,
                "%s: %,d events ranked, %,d without history not ranked%n%s%n%s%n%s",
                what,
                exam.model().scored(),
                exam.withoutHistory(),
                RECALL_HEAD,
                recall("model", exam.model()),
                recall("popularity", exam.popularity()));
    }

    /** What policies of publication gave, as Markdown. */
    static String published(List<PublishedVectors.Result> rows) {
        StringBuilder text = new StringBuilder(
                "| published | R@10 | R@100 | NDCG@10 | vectors a step | mean age | oldest | mean cosine |%n|---|---|---|---|---|---|---|---|%n"
                        .formatted());
        rows.forEach(row -> text.append(String.format(
                Locale.ROOT,
                "| %s | %.4f | %.4f | %.4f | %,.0f | %.1f | %,d | %.4f |%n",
                row.name(),
                row.ranks().recallAt(10),
                row.ranks().recallAt(100),
                row.ranks().ndcg10(),
                row.vectorsAStep(),
                row.meanAge(),
                row.maxAge(),
                row.meanCosine())));
        return text.toString();
    }

    /**
     * Recall and precision of the nearest, as Markdown.
     *
     * @param graphFinds [cutoffs] share of what the exact search finds that the graph finds
     */
    static String nearest(List<Integer> cutoffs, Map<String, NearestAverages> rows, double[] graphFinds) {
        StringBuilder text = new StringBuilder("| |");
        cutoffs.forEach(n -> text.append(" recall@").append(n).append(" |"));
        cutoffs.forEach(n -> text.append(" precision@").append(n).append(" |"));
        text.append(String.format("%n|---|%s%n", "---|".repeat(2 * cutoffs.size())));
        rows.forEach((name, averages) -> {
            text.append("| ").append(name).append(" |");
            for (int at = 0; at < cutoffs.size(); at++) {
                text.append(String.format(Locale.ROOT, " %.4f |", averages.recall(at)));
            }
            for (int at = 0; at < cutoffs.size(); at++) {
                text.append(String.format(Locale.ROOT, " %.4f |", averages.precision(at)));
            }
            text.append(System.lineSeparator());
        });
        text.append(String.format("%nOf what the exact search finds, the graph finds"));
        for (int at = 0; at < cutoffs.size(); at++) {
            text.append(
                    String.format(Locale.ROOT, "%s %.4f of %d", at == 0 ? "" : ",", graphFinds[at], cutoffs.get(at)));
        }
        return text.append(String.format(".%n")).toString();
    }

    static String recall(String name, RankingTotals totals) {
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
