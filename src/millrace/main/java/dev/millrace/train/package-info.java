/**
 * From training example to published vectors: batch, exam, learn, publish as one state machine.
 *
 * <p>For other programs: {@link dev.millrace.train.Trainer} collects examples, closes batches and learns them. {@link dev.millrace.recall.LocalGeneration} publishes what it has
 * learnt; without one, call {@code publish} and then {@code drainDirty} after each step, or as rarely as you like.
 */
@NullMarked
package dev.millrace.train;

import org.jspecify.annotations.NullMarked;
