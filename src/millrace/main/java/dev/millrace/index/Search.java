package dev.millrace.index;

import dev.millrace.popularity.PriorWeights;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A search of an index.
 *
 * @param query [dim]
 * @param k items wanted, at least 1; fewer come back if the index has fewer
 * @param excluded items that must not come back
 * @param filter which items may come back
 * @param prior weights of popularity and age, whose sum is added to the inner product; finite. Without them the score is the inner product, to
 *     the last bit
 * @param added what is added to the scores of some items besides; finite
 * @param arrangement how what is found is arranged; its boosts are added to the scores as they are
 */
public record Search(
        float[] query,
        int k,
        Predicate<String> excluded,
        ItemFilter filter,
        PriorWeights prior,
        Map<String, Float> added,
        Arrangement arrangement) {

    public Search {
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
        if (!prior.areFinite()) {
            throw new IllegalArgumentException(prior + ": must be finite");
        }
        if (!arrangement.pins().isEmpty() && Collections.max(arrangement.pins().values()) > k) {
            throw new IllegalArgumentException("pins = " + arrangement.pins() + ": there are " + k + " places");
        }
        added = Map.copyOf(added);
        added.forEach((item, number) -> {
            if (!Float.isFinite(number)) {
                throw new IllegalArgumentException(number + " is added to item " + item + ": must be finite");
            }
        });
    }

    /** The search for the other items of an answer, by score. */
    Search besides(Collection<ScoredItem> items, int wanted) {
        Set<String> had = items.stream().map(ScoredItem::item).collect(Collectors.toSet());
        return new Search(
                query,
                wanted,
                had.isEmpty() ? excluded : item -> had.contains(item) || excluded.test(item),
                filter,
                prior,
                added,
                arrangement.boostsOnly());
    }

    /** A search that arranges nothing. */
    public Search(
            float[] query,
            int k,
            Predicate<String> excluded,
            ItemFilter filter,
            PriorWeights prior,
            Map<String, Float> added) {
        this(query, k, excluded, filter, prior, added, Arrangement.NONE);
    }

    /** A search that adds nothing to single items. */
    public Search(float[] query, int k, Predicate<String> excluded, ItemFilter filter, PriorWeights prior) {
        this(query, k, excluded, filter, prior, Map.of());
    }

    /** A search by inner product alone, of all items. */
    public Search(float[] query, int k, Predicate<String> excluded) {
        this(query, k, excluded, ItemFilter.NONE, PriorWeights.NONE);
    }
}
