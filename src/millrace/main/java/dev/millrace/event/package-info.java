/**
 * Checked events of producers: exposures, clicks, user profiles and catalogue items; and the reasons to reject one.
 *
 * <p>For other programs: all events are records, and one that cannot be used is refused by its constructor with an exception that is a {@link
 * dev.millrace.event.Rejection}. Times are epoch milliseconds.
 */
@NullMarked
package dev.millrace.event;

import org.jspecify.annotations.NullMarked;
