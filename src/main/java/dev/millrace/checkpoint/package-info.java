/** Learners as files: what continues one elsewhere, and what others compute with. */
@NullMarked
package dev.millrace.checkpoint;

import org.jspecify.annotations.NullMarked;
