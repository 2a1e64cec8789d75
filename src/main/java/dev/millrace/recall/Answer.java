package dev.millrace.recall;

import dev.millrace.index.ScoredItem;
import java.util.List;
import java.util.function.Function;

/** What comes back for a request. */
public sealed interface Answer {

    /** Calls one of both: for items, or for a reason why there are none. */
    <T> T when(Function<Found, T> found, Function<Refusal, T> refusal);

    /**
     * Items of one generation.
     *
     * @param items best first
     * @param query [dim] the vector that was searched with. Not to be changed
     * @param generation of every vector behind the scores, the user's too
     * @param step latest learning step among the index's vectors when the search began
     * @param publishedAt when the newest of those vectors was published, epoch milliseconds
     * @param isColdStart whether nothing was known of the user
     * @param reasons [items] what the user had that is nearest to each, nearest first; empty if it was not asked for
     */
    record Found(
            List<ScoredItem> items,
            float[] query,
            String generation,
            long step,
            long publishedAt,
            boolean isColdStart,
            List<List<ScoredItem>> reasons)
            implements Answer {

        @Override
        public <T> T when(Function<Found, T> found, Function<Refusal, T> refusal) {
            return found.apply(this);
        }

        /** The same items with what they are nearest to. */
        Found because(List<List<ScoredItem>> nearest) {
            return new Found(items, query, generation, step, publishedAt, isColdStart, nearest);
        }
    }

    /** Why there are no items. */
    enum Refusal implements Answer {
        /** No generation can answer yet, or its encoder has gone. */
        NOT_READY,
        /** The generation that the request names cannot answer, or there is none of that name. */
        UNKNOWN_GENERATION,
        /** The item asked about is not in the index. */
        UNKNOWN_ITEM;

        @Override
        public <T> T when(Function<Found, T> found, Function<Refusal, T> refusal) {
            return refusal.apply(this);
        }
    }
}
