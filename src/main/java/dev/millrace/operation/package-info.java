/** What operators order, by whom and from where. */
@NullMarked
package dev.millrace.operation;

import org.jspecify.annotations.NullMarked;
