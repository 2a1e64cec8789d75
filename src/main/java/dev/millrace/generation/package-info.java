/**
 * What became of each generation, and which of them answers.
 */
@NullMarked
package dev.millrace.generation;

import org.jspecify.annotations.NullMarked;
