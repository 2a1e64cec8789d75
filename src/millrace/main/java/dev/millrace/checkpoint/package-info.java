/** Learners as files: checkpoints to go on from elsewhere, and towers and vectors for other programs. */
@NullMarked
package dev.millrace.checkpoint;

import org.jspecify.annotations.NullMarked;
