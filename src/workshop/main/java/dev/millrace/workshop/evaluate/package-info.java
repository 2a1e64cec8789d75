/** The protocols of {@code evaluate}: what each runs, shows and reports. */
@NullMarked
package dev.millrace.workshop.evaluate;

import org.jspecify.annotations.NullMarked;
