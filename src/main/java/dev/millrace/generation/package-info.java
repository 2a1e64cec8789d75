/**
 * What became of each generation, who may promote, retire or publish it, and which of them answers.
 */
@NullMarked
package dev.millrace.generation;

import org.jspecify.annotations.NullMarked;
