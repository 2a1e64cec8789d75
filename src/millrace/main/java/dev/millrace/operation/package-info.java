/** What operators order, by whom and from where, and how far it is. */
@NullMarked
package dev.millrace.operation;

import org.jspecify.annotations.NullMarked;
