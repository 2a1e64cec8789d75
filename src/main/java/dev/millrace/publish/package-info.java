/** Item embeddings as subscribers get them: touched items, and a sweep that bounds every vector's age. */
@NullMarked
package dev.millrace.publish;

import org.jspecify.annotations.NullMarked;
