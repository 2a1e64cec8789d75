/** Offline protocols that drive the same stages over a data set. */
@NullMarked
package dev.millrace.evaluate;

import org.jspecify.annotations.NullMarked;
