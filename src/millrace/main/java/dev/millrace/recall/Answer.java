package dev.millrace.recall;

import dev.millrace.experiment.Arm;
import dev.millrace.index.Draw;
import dev.millrace.index.ScoredItem;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The answer to a request: items, or the reason why there are none. */
public sealed interface Answer {

    /** Calls the function of this case. */
    <T> T when(Function<Found, T> found, Function<Refusal, T> refusal);

    /**
     * Items of one generation.
     *
     * @param items best first
     * @param query [dim] the vector that was searched with; must not be changed
     * @param generation of every vector behind the scores, also the user's
     * @param step latest learning step among the index's vectors when the search began
     * @param publishedAt when the newest of those vectors was published, epoch milliseconds
     * @param isColdStart whether nothing was known of the user
     * @param explanations [items] why each item was found; empty unless asked for
     * @param hidden items that the user hid, then those passed by, which the answer so leaves out, each latest first; empty unless asked for
     * @param assigned the user's arm, if an experiment runs and chose the generation
     * @param draw that gave the items; absent if they were not drawn
     */
    record Found(
            List<ScoredItem> items,
            float[] query,
            String generation,
            long step,
            long publishedAt,
            boolean isColdStart,
            List<Explanation> explanations,
            List<String> hidden,
            Optional<Assigned> assigned,
            Optional<Draw> draw)
            implements Answer {

        @Override
        public <T> T when(Function<Found, T> found, Function<Refusal, T> refusal) {
            return found.apply(this);
        }

        /** The same answer with items. */
        Found with(List<ScoredItem> others) {
            return with(others, Optional.empty());
        }

        /** The same answer with items that were drawn. */
        Found with(Draw drawn) {
            return with(drawn.items(), Optional.of(drawn));
        }

        private Found with(List<ScoredItem> others, Optional<Draw> drawn) {
            return new Found(
                    others, query, generation, step, publishedAt, isColdStart, explanations, hidden, assigned, drawn);
        }

        /** The same answer, of a user with an arm. */
        Found as(Optional<Assigned> arm) {
            return new Found(items, query, generation, step, publishedAt, isColdStart, explanations, hidden, arm, draw);
        }

        /** The same items with why each was found, and what the user's own list leaves out. */
        public Found because(List<Explanation> why, List<String> leftOut) {
            return new Found(items, query, generation, step, publishedAt, isColdStart, why, leftOut, assigned, draw);
        }
    }

    /** The arm of an experiment that a user is in. The generation of the answer is that of the arm, unless the server does not have it complete. */
    record Assigned(String experiment, Arm arm) {}

    /** Why there are no items. */
    enum Refusal implements Answer {
        /** No generation can answer yet, or its encoder is no longer ready. */
        NOT_READY,
        /** No complete generation has the name that the request gives. */
        UNKNOWN_GENERATION,
        /** The item asked about is not in the index. */
        UNKNOWN_ITEM;

        @Override
        public <T> T when(Function<Found, T> found, Function<Refusal, T> refusal) {
            return refusal.apply(this);
        }
    }
}
