package dev.millrace.replay;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A recorded history as events in time order.
 *
 * <p>The catalogue and the user profiles come first. Their time is just before the first row of the log, unless they have a later time
 * of their own. Exposures and clicks follow. Events with equal times keep the order of the file, and an exposure comes before its click. If
 * no table lists an item, the item is listed without features before its first exposure or click. A generated stream may list an item ahead of
 * its time, or never.
 */
public interface DataSet {

    /** Returns true if the data set has exposures, false if its log holds clicks only. */
    boolean hasExposures();

    /** The features of its events, where a mapping says them. */
    default Optional<DeclaredFeatures> declared() {
        return Optional.empty();
    }

    /** A sentence for each column that a mapping names and no row has, as far as the first rows tell. Reads these. */
    default List<String> emptyColumns() {
        return List.of();
    }

    /**
     * Returns the events from the start, at each call. The caller closes the stream if it does not read it to the end.
     *
     * @param badRows receives each row that cannot be used; such a row does not affect the other rows
     * @throws java.io.UncheckedIOException if a file cannot be read to its end
     */
    Stream<ReplayEvent> events(Consumer<? super BadRow> badRows);
}
