/** Pools the embedding rows that a feature reads into one, and passes gradients back to them. */
@NullMarked
package dev.millrace.model.pool;

import org.jspecify.annotations.NullMarked;
