/**
 * Item embeddings as subscribers receive them: changed items at once, the others often enough to bound every vector's
 * age.
 */
@NullMarked
package dev.millrace.publish;

import org.jspecify.annotations.NullMarked;
