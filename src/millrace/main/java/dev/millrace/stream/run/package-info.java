/** The two applications as they run: what is checked before they start, what they report, what follows from a failure. */
@NullMarked
package dev.millrace.stream.run;

import org.jspecify.annotations.NullMarked;
