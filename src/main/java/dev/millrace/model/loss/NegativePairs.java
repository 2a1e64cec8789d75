package dev.millrace.model.loss;

import dev.millrace.batch.MiniBatch;
import java.util.ArrayList;
import java.util.List;

/**
 * Items that are negatives of one example each.
 *
 * @param owners [pairs] places of the examples, ascending
 * @param items [pairs]
 */
public record NegativePairs(int[] owners, List<String> items) {

    public static final NegativePairs NONE = new NegativePairs(new int[0], List.of());

    public NegativePairs {
        items = List.copyOf(items);
    }

    /** Those that the batch brings. */
    public static NegativePairs of(MiniBatch batch) {
        return new NegativePairs(batch.draws().hardOwners(), batch.draws().hard());
    }

    /** Both, example by example, these first. */
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

    /** Where each example's pairs begin; [examples + 1]. */
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
