/**
 * Embedding tables: rows by key, their initial values, their optimisers and the rules that bound them.
 */
@NullMarked
package dev.millrace.model.table;

import org.jspecify.annotations.NullMarked;
