/**
 * Experiments with faults: the same seeded input, learnt undisturbed and disturbed, must come to the same.
 *
 * <p>{@code mvn verify -Pfaults} runs all of them, {@code mvn verify} the short ones; docs/reliability.md has the table.
 */
@NullMarked
package dev.millrace.faults;

import org.jspecify.annotations.NullMarked;
