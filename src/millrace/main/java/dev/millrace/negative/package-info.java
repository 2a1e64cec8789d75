/** Negatives: which items stand beside the positives of a batch, and with which probability. */
@NullMarked
package dev.millrace.negative;

import org.jspecify.annotations.NullMarked;
