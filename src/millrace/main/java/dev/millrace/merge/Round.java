package dev.millrace.merge;

import dev.millrace.batch.MiniBatch;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One step of the base.
 *
 * @param batch changes of the catalogue, and the counted examples of the deltas in the order in which they count; its step is the number of the
 *     round
 * @param handled by shard, the number of the last delta that this round or an earlier one merged or refused
 * @param refused deltas of this round that changed no number
 */
public record Round(MiniBatch batch, SortedMap<Integer, Long> handled, List<Refusal> refused) {

    /** Why a delta changed no number. Its examples were counted. */
    public enum Reason {
        /** A change is not finite. */
        NOT_FINITE,
        /** It was learnt on a round that is too long ago. */
        STALE
    }

    public record Refusal(int shard, long delta, Reason reason) {}

    public Round {
        handled = Collections.unmodifiableSortedMap(new TreeMap<>(handled));
        refused = List.copyOf(refused);
    }

    public long number() {
        return batch.step();
    }
}
