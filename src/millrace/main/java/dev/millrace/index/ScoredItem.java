package dev.millrace.index;

import java.util.Comparator;

/**
 * An item found by a search.
 *
 * @param item which
 * @param score inner product of the query and the item's vector, which is the cosine if both have unit length. If the search has a
 *     weight of popularity, plus the weight times the item's log of popularity
 */
public record ScoredItem(String item, float score) {

    /** Best first: by score, descending, then by id, so that equal scores have one order. */
    public static final Comparator<ScoredItem> BEST_FIRST =
            Comparator.comparingDouble(ScoredItem::score).reversed().thenComparing(ScoredItem::item);
}
