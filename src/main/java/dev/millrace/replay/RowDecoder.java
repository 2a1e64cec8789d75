package dev.millrace.replay;

import java.util.List;

/** What the rows of a log mean. */
interface RowDecoder {

    /**
     * The events of one row: none, if the row is of no interest. Exposures stand before their clicks, and features before the events
     * that they describe.
     *
     * @throws dev.millrace.event.UnusableEventException if the row cannot be used
     */
    List<ReplayEvent> decode(Row row);
}
