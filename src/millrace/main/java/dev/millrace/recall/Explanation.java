package dev.millrace.recall;

import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.index.ScoredItem;
import java.util.List;

/**
 * Why an item was found.
 *
 * @param parts of its score
 * @param placed what its place comes from beside the score
 * @param nearest the items of the user's history that are nearest to it by the items' own vectors, nearest first
 */
public record Explanation(ScoreParts parts, Placed placed, List<ScoredItem> nearest) {

    public Explanation {
        nearest = List.copyOf(nearest);
    }
}
