/** Mini-batches: the write-ahead log of the model, with negatives and their sampling probabilities. */
@NullMarked
package dev.millrace.batch;

import org.jspecify.annotations.NullMarked;
