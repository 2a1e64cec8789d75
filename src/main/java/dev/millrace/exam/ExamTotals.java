package dev.millrace.exam;

/**
 * The exam so far.
 *
 * @param model ranks by the towers
 * @param popularity ranks of the same events by decayed popularity
 * @param withoutHistory events of users without a click before, not scored
 */
public record ExamTotals(RankingTotals model, RankingTotals popularity, long withoutHistory) {

    public static final ExamTotals NONE = new ExamTotals(RankingTotals.NONE, RankingTotals.NONE, 0);

    /** What was added since. */
    public ExamTotals minus(ExamTotals earlier) {
        return new ExamTotals(
                model.minus(earlier.model),
                popularity.minus(earlier.popularity),
                withoutHistory - earlier.withoutHistory);
    }
}
