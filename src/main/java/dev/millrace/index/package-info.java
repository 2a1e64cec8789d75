/** Nearest items by inner product. */
@NullMarked
package dev.millrace.index;

import org.jspecify.annotations.NullMarked;
