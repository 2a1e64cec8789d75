package dev.millrace.evaluate;

import dev.millrace.exam.RankingTotals;

/**
 * The ranked events of one action, or of all.
 *
 * @param model ranks by the towers
 * @param popularity ranks of the same events by decayed popularity
 * @param itemNeighbours ranks of the same events by item-kNN; none scored if it was not asked for
 */
public record ActionTotals(RankingTotals model, RankingTotals popularity, RankingTotals itemNeighbours) {
    static final ActionTotals NONE = new ActionTotals(RankingTotals.NONE, RankingTotals.NONE, RankingTotals.NONE);

    ActionTotals plus(double byModel, double byPopularity) {
        return new ActionTotals(model.plus(byModel), popularity.plus(byPopularity), itemNeighbours);
    }

    ActionTotals plusNeighbours(double place) {
        return new ActionTotals(model, popularity, itemNeighbours.plus(place));
    }
}
