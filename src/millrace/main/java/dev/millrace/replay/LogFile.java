package dev.millrace.replay;

import java.util.List;

/**
 * A file of a log and what its rows mean.
 *
 * @param rows of the file
 * @param decoder of these rows
 */
public record LogFile(RowFile rows, Decoder decoder) {

    /** Turns rows of a log into events. */
    public interface Decoder {

        /**
         * Returns the events of one row, or none if the row is of no interest. Exposures stand before their clicks, and features
         * before the events that they describe.
         *
         * @throws dev.millrace.event.UnusableEventException if the row cannot be used
         */
        List<ReplayEvent> decode(Row row);
    }
}
