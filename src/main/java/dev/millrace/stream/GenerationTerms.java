package dev.millrace.stream;

import dev.millrace.generation.GenerationHistory;
import dev.millrace.stream.StreamRunner.Part;
import java.time.Duration;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * How a learner publishes its generation: under which name, and when.
 *
 * @param application of the learner, as its group is called
 * @param settings of the learner, by key, defaults included
 * @param isPromotedWhenComplete whether the learner promotes it as soon as all of its items have a vector
 * @param catchUpLag age of a mini-batch from which a learner from the log is behind, and waits with its first publication
 * @param logEnd offset behind the last record of the log that is committed; a very large number if nobody knows
 */
public record GenerationTerms(
        String application,
        SortedMap<String, String> settings,
        boolean isPromotedWhenComplete,
        Duration catchUpLag,
        LongSupplier logEnd) {

    public GenerationTerms {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /**
     * The terms of a learner.
     *
     * @param part that it is
     * @param history of all generations: {@code stream.promote} may depend on the one that answers
     */
    public static GenerationTerms of(
            StreamSettings stream,
            SortedMap<String, String> settings,
            String generation,
            Part part,
            GenerationHistory history,
            LongSupplier logEnd) {
        boolean isPromoted = stream.promotion().isAutomatic(generation, part == Part.LEARN, history);
        return new GenerationTerms(stream.applicationId(part), settings, isPromoted, stream.catchUpLag(), logEnd);
    }
}
