package dev.millrace.merge;

import dev.millrace.batch.Batcher;
import dev.millrace.batch.MiniBatch;
import dev.millrace.state.Form;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One step of the base.
 *
 * @param batch changes of the catalogue, and the counted examples of the deltas in the order in which they count; its step is the number of the
 *     round
 * @param handled by shard, the number of the last delta that this round or an earlier one merged or refused
 * @param deltas of this round, in the order in which they were merged
 */
public record Round(MiniBatch batch, SortedMap<Integer, Long> handled, List<Taken> deltas) {

    /** Why a delta changed no number. Its examples were counted. */
    public enum Reason {
        /** A change is not finite. */
        NOT_FINITE,
        /** It was learnt on a round that is too long ago. */
        STALE
    }

    /**
     * A delta that a round took. With the steps of its shard's log it can be learnt again.
     *
     * @param sha256 of its encoded bytes, in hexadecimal
     * @param refused why it changed no number; absent if it was merged
     */
    public record Taken(Delta.Origin origin, long firstStep, long lastStep, String sha256, Optional<Reason> refused) {}

    private static final Round NONE = new Round(MiniBatch.empty(0), new TreeMap<>(), List.of());

    public Round {
        handled = Collections.unmodifiableSortedMap(new TreeMap<>(handled));
        deltas = List.copyOf(deltas);
    }

    public long number() {
        return batch.step();
    }

    /** Returns the number of the last delta of a shard that this round or an earlier one handled; 0 if there is none. */
    public long handled(int shard) {
        return handled.getOrDefault(shard, 0L);
    }

    /** Returns what shards need to follow the round: of the examples the items, of the deltas nothing. */
    byte[] news() {
        return Form.written(this::news);
    }

    /** @throws dev.millrace.state.CorruptEntryException if the bytes are not those of {@link #news()} */
    static Round ofNews(byte[] bytes) {
        return Form.read(bytes, NONE::news);
    }

    private Round news(Form form) {
        return new Round(
                Batcher.ofRound(form, batch),
                Base.numbers(form, handled, (shard, read) -> read.integer(shard), 0),
                List.of());
    }
}
