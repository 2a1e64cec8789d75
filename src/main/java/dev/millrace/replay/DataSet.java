package dev.millrace.replay;

import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A recorded history as events in time order.
 *
 * <p>First come catalogue and user profiles, dated just before the first row of the log (or at their own date, where they have one
 * that is later), then exposures and clicks. Equal times keep the order of the file, an exposure before its click. An item
 * that no table lists is listed, without features, before it is first seen.
 */
public interface DataSet {

    /** Whether clicks come with the exposures they answer; false where the log holds clicks alone. */
    boolean hasExposures();

    /**
     * The events, each call from the start. To be closed if it is not read to its end.
     *
     * @param badRows told of each row that could not be used; the others are not touched by it
     * @throws java.io.UncheckedIOException if a file cannot be read to its end
     */
    Stream<ReplayEvent> events(Consumer<? super BadRow> badRows);
}
