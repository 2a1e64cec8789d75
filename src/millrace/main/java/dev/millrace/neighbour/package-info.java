/** Which items are clicked shortly before and after which others. */
@NullMarked
package dev.millrace.neighbour;

import org.jspecify.annotations.NullMarked;
