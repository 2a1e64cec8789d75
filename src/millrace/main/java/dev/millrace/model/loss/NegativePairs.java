package dev.millrace.model.loss;

import dev.millrace.batch.MiniBatch;
import java.util.ArrayList;
import java.util.List;

/**
 * Negatives of one example each.
 *
 * @param owners [pairs] number of the example in the batch, ascending
 * @param items [pairs] the negative
 */
public record NegativePairs(int[] owners, List<String> items) {

    public static final NegativePairs NONE = new NegativePairs(new int[0], List.of());

    public NegativePairs {
        items = List.copyOf(items);
    }

    /** Returns the pairs that the batch brings. */
    public static NegativePairs of(MiniBatch batch) {
        return new NegativePairs(batch.draws().hardOwners(), batch.draws().hard());
    }

    /** Returns the pairs of both, example by example; an example's pairs of this object come first. */
    public NegativePairs with(NegativePairs more) {
        if (more.items.isEmpty()) {
            return this;
        }
        int[] all = new int[owners.length + more.owners.length];
        List<String> merged = new ArrayList<>(all.length);
        int at = 0;
        int next = 0;
        while (merged.size() < all.length) {
            boolean isOwn = next == more.owners.length || (at < owners.length && owners[at] <= more.owners[next]);
            all[merged.size()] = isOwn ? owners[at] : more.owners[next];
            merged.add(isOwn ? items.get(at++) : more.items.get(next++));
        }
        return new NegativePairs(all, merged);
    }

    /** [examples + 1] Returns where each example's pairs begin. */
    int[] starts(int examples) {
        int[] starts = new int[examples + 1];
        for (int owner : owners) {
            starts[owner + 1]++;
        }
        for (int example = 0; example < examples; example++) {
            starts[example + 1] += starts[example];
        }
        return starts;
    }
}
