/**
 * Answers: a user encoded and searched within one generation.
 *
 * <p>For other programs: {@link dev.millrace.recall.RecallEngine} answers from a {@link dev.millrace.recall.LocalGeneration}, which follows a trainer of the same process.
 */
@NullMarked
package dev.millrace.recall;

import org.jspecify.annotations.NullMarked;
