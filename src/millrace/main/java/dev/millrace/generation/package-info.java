/**
 * The history of each generation, the rules to promote, retire or publish it, and the choice of the one that answers.
 */
@NullMarked
package dev.millrace.generation;

import org.jspecify.annotations.NullMarked;
