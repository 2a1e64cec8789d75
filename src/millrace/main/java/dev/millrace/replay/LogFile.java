package dev.millrace.replay;

import java.util.List;
import java.util.function.Function;

/**
 * A file of a log and what its rows mean.
 *
 * @param rows of the file
 * @param decoder returns the events of one row, or none if the row is of no interest. Exposures stand before their clicks, and features
 *     before the events that they describe. Throws {@link dev.millrace.event.UnusableEventException} if the row cannot be used
 */
record LogFile(RowFile rows, Function<Row, List<ReplayEvent>> decoder) {}
