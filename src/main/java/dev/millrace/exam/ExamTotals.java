package dev.millrace.exam;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The exam so far.
 *
 * @param model ranks by the towers and, if it has a weight, the popularity term
 * @param popularity ranks of the same events by decayed popularity
 * @param withoutHistory events of users without a click before, not scored
 * @param others ranks by the towers with other weights, as many as were asked for
 */
public record ExamTotals(
        RankingTotals model, RankingTotals popularity, long withoutHistory, List<RankingTotals> others) {

    public static final ExamTotals NONE = new ExamTotals(RankingTotals.NONE, RankingTotals.NONE, 0);

    public ExamTotals {
        others = List.copyOf(others);
    }

    /** An exam with one weight alone. */
    public ExamTotals(RankingTotals model, RankingTotals popularity, long withoutHistory) {
        this(model, popularity, withoutHistory, List.of());
    }

    /** What was added since. */
    public ExamTotals minus(ExamTotals earlier) {
        return new ExamTotals(
                model.minus(earlier.model),
                popularity.minus(earlier.popularity),
                withoutHistory - earlier.withoutHistory,
                IntStream.range(0, others.size())
                        .mapToObj(at -> others.get(at)
                                .minus(at < earlier.others.size() ? earlier.others.get(at) : RankingTotals.NONE))
                        .toList());
    }
}
