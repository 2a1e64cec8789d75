package dev.millrace.stream;

import dev.millrace.generation.GenerationHistory;
import java.time.Duration;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * The terms under which a learner publishes its generation.
 *
 * @param application id of the learner's application, which is also the name of its consumer group
 * @param settings settings of the learner, by key, defaults included
 * @param isPromotedWhenComplete true if the learner promotes the generation as soon as all items have a vector
 * @param catchUpLag age of a mini-batch from which a learner from the log counts as behind; it then waits with its first publication
 * @param logEnd offset behind the last committed record of the log; {@link Long#MAX_VALUE} if it is unknown
 */
public record GenerationTerms(
        String application,
        SortedMap<String, String> settings,
        boolean isPromotedWhenComplete,
        Duration catchUpLag,
        LongSupplier logEnd) {

    /** Many times the age that mini-batches have when a learner keeps up, and soon over after it has caught up. */
    private static final Duration CATCH_UP_LAG = Duration.ofSeconds(30);

    public GenerationTerms {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /**
     * The terms of a learner.
     *
     * @param part application that the learner runs as
     * @param history history of all generations; {@code stream.promote} may depend on the generation that answers
     */
    public static GenerationTerms of(
            StreamSettings stream,
            SortedMap<String, String> settings,
            String generation,
            Part part,
            GenerationHistory history,
            LongSupplier logEnd) {
        boolean isPromoted = stream.promotion().isAutomatic(generation, part != Part.LEARN_FROM_LOG, history);
        return new GenerationTerms(stream.applicationId(part), settings, isPromoted, CATCH_UP_LAG, logEnd);
    }
}
