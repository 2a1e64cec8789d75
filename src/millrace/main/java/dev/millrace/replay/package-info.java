/** Data sets, as streams of events in time order. */
@NullMarked
package dev.millrace.replay;

import org.jspecify.annotations.NullMarked;
