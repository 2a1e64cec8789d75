package dev.millrace.stream;

import java.time.Duration;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a learner says of its generation, and when it shows it.
 *
 * @param application id of the learner's application
 * @param settings of the learner, by key, defaults included
 * @param isPromotedWhenComplete whether it is to answer as soon as all of its items have a vector
 * @param catchUpLag age of a mini-batch from which a learner from the log is behind, and waits with its first publication
 */
public record GenerationTerms(
        String application, SortedMap<String, String> settings, boolean isPromotedWhenComplete, Duration catchUpLag) {

    public GenerationTerms {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /** @param isLive whether the learner learns from events */
    public static GenerationTerms of(StreamSettings stream, SortedMap<String, String> settings, boolean isLive) {
        boolean isPromoted =
                switch (stream.promotion()) {
                    case LIVE -> isLive;
                    case ALWAYS -> true;
                    case NEVER -> false;
                };
        return new GenerationTerms(stream.applicationId(), settings, isPromoted, stream.catchUpLag());
    }
}
