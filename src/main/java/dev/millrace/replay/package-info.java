/** Data sets and a generated shop, as streams of events in time order. */
@NullMarked
package dev.millrace.replay;

import org.jspecify.annotations.NullMarked;
