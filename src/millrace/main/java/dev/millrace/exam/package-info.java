/**
 * Progressive validation: a model examined on each batch before it learns from it.
 *
 * <p>For other programs: {@link dev.millrace.exam.ExamTotals} are in the trainer's progress; what one part of a log adds is the difference of two.
 */
@NullMarked
package dev.millrace.exam;

import org.jspecify.annotations.NullMarked;
