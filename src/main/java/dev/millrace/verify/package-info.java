/** Verdicts on a running system: what its topics hold, computed again by other means. */
@NullMarked
package dev.millrace.verify;

import org.jspecify.annotations.NullMarked;
