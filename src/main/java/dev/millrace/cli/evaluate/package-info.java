/** The protocols of {@code evaluate}: what each runs, shows and reports. */
@NullMarked
package dev.millrace.cli.evaluate;

import org.jspecify.annotations.NullMarked;
