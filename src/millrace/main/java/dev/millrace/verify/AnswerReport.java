package dev.millrace.verify;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an audit of logged answers found.
 *
 * @param answers by what came of them
 * @param drawn how many answers were drawn as their records say
 * @param withoutUser how many of the compared ones were made with the logged query vector, as the log does not give the user's
 * @param since time of the oldest answer that was compared, epoch milliseconds
 * @param differences the first of them
 */
public record AnswerReport(
        Map<Outcome, Integer> answers, int drawn, int withoutUser, Optional<Long> since, List<String> differences) {

    /** What came of an answer. */
    public enum Outcome {
        /** The log gives it, bit for bit. */
        EQUAL,
        /** The log gives another answer. */
        DIFFERENT,
        /** Its draw does not follow from its own record. */
        MISDRAWN,
        /** The server moved on while it answered. */
        MOVED,
        /** Compaction has removed what it was made from, or may have. */
        COMPACTED,
        /** The topic of user features has another state of the user, or none. */
        USER_CHANGED,
        /** The question had features of the user, which are not logged. */
        UNLOGGED,
        /** The topic of generations does not have the settings of its generation, or this version does not know them. */
        GENERATION_UNKNOWN
    }

    public AnswerReport {
        answers = Map.copyOf(answers);
        differences = List.copyOf(differences);
    }

    public int count(Outcome outcome) {
        return answers.getOrDefault(outcome, 0);
    }

    /** How many answers were logged. */
    public int logged() {
        return answers.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** How many could be compared. */
    public int compared() {
        return count(Outcome.EQUAL) + count(Outcome.DIFFERENT);
    }

    /** The share of the compared answers that the log gives bit for bit: the consistency of training and serving. Not a number if there are none. */
    public double share() {
        return (double) count(Outcome.EQUAL) / compared();
    }

    /** Whether nothing differs, and something was compared or drawn again. */
    public boolean isConsistent() {
        return compared() + drawn > 0 && count(Outcome.DIFFERENT) == 0 && count(Outcome.MISDRAWN) == 0;
    }
}
