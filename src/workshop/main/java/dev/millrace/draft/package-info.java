/** A mapping and settings drafted for a log from its first rows, with the reason of each choice. */
@NullMarked
package dev.millrace.draft;

import org.jspecify.annotations.NullMarked;
