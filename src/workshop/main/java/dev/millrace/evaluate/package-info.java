/** Protocols that measure quality on a recorded data set, through the stages of the stream. */
@NullMarked
package dev.millrace.evaluate;

import org.jspecify.annotations.NullMarked;
