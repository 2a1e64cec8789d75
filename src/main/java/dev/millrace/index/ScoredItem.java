package dev.millrace.index;

import java.util.Comparator;

/**
 * An item found by a search.
 *
 * @param item which
 * @param score inner product of query and the item's vector, the cosine where both have unit length; and, where the search was
 *     given a weight, that times the item's log of popularity
 */
public record ScoredItem(String item, float score) {

    /** Best first: by score, descending, then by id, so that equal scores have one order. */
    public static final Comparator<ScoredItem> BEST_FIRST =
            Comparator.comparingDouble(ScoredItem::score).reversed().thenComparing(ScoredItem::item);
}
