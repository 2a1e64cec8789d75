/** Answers: a user encoded and searched within one generation. */
@NullMarked
package dev.millrace.recall;

import org.jspecify.annotations.NullMarked;
