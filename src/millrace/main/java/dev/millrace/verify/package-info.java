/** Audits of a running system by its own topics: what was published against what the logs say. */
@NullMarked
package dev.millrace.verify;

import org.jspecify.annotations.NullMarked;
