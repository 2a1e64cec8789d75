/** The lines of the log. {@code logback.xml} names {@link dev.millrace.log.LogLayout}. */
@NullMarked
package dev.millrace.log;

import org.jspecify.annotations.NullMarked;
