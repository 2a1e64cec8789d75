package dev.millrace.stream;

import dev.millrace.generation.GenerationHistory;
import dev.millrace.stream.StreamRunner.Part;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * What a learner says of its generation, and when it shows it.
 *
 * @param application of the learner, as its group is called
 * @param settings of the learner, by key, defaults included
 * @param isPromotedWhenComplete whether it is to answer as soon as all of its items have a vector
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
     * @param history of all generations: a live learner promotes its own only if no other answers
     */
    public static GenerationTerms of(
            StreamSettings stream,
            SortedMap<String, String> settings,
            String generation,
            Part part,
            GenerationHistory history,
            LongSupplier logEnd) {
        Optional<String> answering = history.promotedLastFirst().stream().findFirst();
        boolean isPromoted =
                switch (stream.promotion()) {
                    case LIVE ->
                        part == Part.LEARN && answering.orElse(generation).equals(generation);
                    case ALWAYS -> true;
                    case NEVER -> false;
                };
        return new GenerationTerms(application(stream, part), settings, isPromoted, stream.catchUpLag(), logEnd);
    }

    /** How the application of a part is called. */
    public static String application(StreamSettings stream, Part part) {
        return stream.applicationId() + "-" + part.suffix();
    }
}
