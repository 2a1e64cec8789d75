/** Nearest items by inner product, exactly and by a graph, while their vectors change. */
@NullMarked
package dev.millrace.index;

import org.jspecify.annotations.NullMarked;
