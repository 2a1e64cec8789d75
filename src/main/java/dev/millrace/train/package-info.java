/** From training example to published vectors: batch, exam, learn, publish as one state machine. */
@NullMarked
package dev.millrace.train;

import org.jspecify.annotations.NullMarked;
