package dev.millrace.evaluate;

import dev.millrace.exam.RankingTotals;
import java.util.ArrayList;
import java.util.List;

/**
 * Totals of the ranked events of one action, or of all actions.
 *
 * @param model ranks by the towers
 * @param popularity ranks of the same events by decayed popularity
 * @param others ranks by the towers with other weights, in the order of the weights
 * @param itemNeighbours ranks of the same events by item-kNN; nothing scored if item-kNN was not asked for
 */
public record ActionTotals(
        RankingTotals model, RankingTotals popularity, List<RankingTotals> others, RankingTotals itemNeighbours) {

    static final ActionTotals NONE =
            new ActionTotals(RankingTotals.NONE, RankingTotals.NONE, List.of(), RankingTotals.NONE);

    public ActionTotals {
        others = List.copyOf(others);
    }

    /** @param byModel places by the weights of the settings, then by each of the others */
    ActionTotals plus(List<Double> byModel, double byPopularity) {
        List<RankingTotals> ranked = new ArrayList<>();
        for (int at = 1; at < byModel.size(); at++) {
            ranked.add((at <= others.size() ? others.get(at - 1) : RankingTotals.NONE).plus(byModel.get(at)));
        }
        return new ActionTotals(model.plus(byModel.get(0)), popularity.plus(byPopularity), ranked, itemNeighbours);
    }

    ActionTotals plusNeighbours(double place) {
        return new ActionTotals(model, popularity, others, itemNeighbours.plus(place));
    }
}
