package dev.millrace.recall;

import dev.millrace.index.ItemIndex;
import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Why items were found: the parts of their scores, and what of a user's history is nearest to them by the items' own vectors. */
final class Reasons {

    private static final int HISTORY = 50; // the latest items of a history that are compared

    private Reasons() {}

    /**
     * @param history items of the user, latest first
     * @param most items of the history to name for each item
     * @return [items]
     */
    static List<Explanation> of(
            List<ScoredItem> items, Search search, List<String> history, ItemIndex index, int most) {
        Map<String, float[]> had = new LinkedHashMap<>();
        for (String item : history.subList(0, Math.min(HISTORY, history.size()))) {
            index.vector(item).ifPresent(vector -> had.put(item, vector));
        }
        List<Explanation> reasons = new ArrayList<>(items.size());
        List<Placed> placed = index.placed(search, items);
        for (ScoredItem found : items) {
            float[] vector =
                    had.isEmpty() ? new float[0] : index.vector(found.item()).orElse(new float[index.dim()]);
            List<ScoredItem> nearest = new ArrayList<>(had.size());
            had.forEach((item, other) -> {
                if (!item.equals(found.item())) {
                    nearest.add(new ScoredItem(item, product(vector, other)));
                }
            });
            nearest.sort(ScoredItem.BEST_FIRST);
            ScoreParts parts = index.parts(search, found.item()).orElse(new ScoreParts(found.score(), 0, 0, 0, 0));
            reasons.add(new Explanation(
                    parts, placed.get(reasons.size()), nearest.subList(0, Math.min(most, nearest.size()))));
        }
        return reasons;
    }

    private static float product(float[] left, float[] right) {
        float sum = 0;
        for (int d = 0; d < left.length; d++) {
            sum += left[d] * right[d];
        }
        return sum;
    }
}
