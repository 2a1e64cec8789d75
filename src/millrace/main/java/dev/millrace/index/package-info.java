/** Nearest items by inner product, exactly, while their vectors change. */
@NullMarked
package dev.millrace.index;

import org.jspecify.annotations.NullMarked;
