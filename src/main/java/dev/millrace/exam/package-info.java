/** Progressive validation: a model examined on each batch before it learns from it. */
@NullMarked
package dev.millrace.exam;

import org.jspecify.annotations.NullMarked;
