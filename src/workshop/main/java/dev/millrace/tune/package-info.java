/** Searches for better settings of a log: what to try, on how much of the log, and what of it is worth keeping. */
@NullMarked
package dev.millrace.tune;

import org.jspecify.annotations.NullMarked;
