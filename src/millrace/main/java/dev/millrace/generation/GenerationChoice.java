package dev.millrace.generation;

import dev.millrace.generation.GenerationFact.Kind;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Decides which generation a server answers from and which ones it keeps, by the history that it has read. */
public final class GenerationChoice {

    private final GenerationHistory history;
    private final int keptBefore;

    /** @param keptBefore number of generations to keep that were promoted before the one that answers */
    public GenerationChoice(GenerationHistory history, int keptBefore) {
        this.history = history;
        this.keptBefore = keptBefore;
    }

    /**
     * Returns the generation to answer from now on; absent if nothing changes.
     *
     * <p>It is the one promoted last if that can answer, else the one that answers now. If none answers now, or if that
     * one is retired, it is the last promoted one that can answer.
     *
     * @param served the one that answers now
     * @param canAnswer whether a generation is complete here
     */
    public Optional<String> next(Optional<String> served, Predicate<String> canAnswer) {
        List<String> lastFirst = history.promotedLastFirst();
        boolean anyWillDo = served.isEmpty() || history.is(served.get(), Kind.RETIRED);
        return lastFirst.stream()
                .limit(anyWillDo ? lastFirst.size() : 1)
                .filter(canAnswer)
                .findFirst()
                .filter(next -> !served.equals(Optional.of(next)));
    }

    /** Returns the promoted generations that need not be kept, because enough others were promoted since. */
    public List<String> surplus(Optional<String> served) {
        List<String> lastFirst = history.promotedLastFirst();
        int answering = Math.max(0, lastFirst.indexOf(served.orElse("")));
        return lastFirst.stream().skip(answering + 1L + keptBefore).toList();
    }
}
