/** The audits of {@code verify}: what each runs and shows. */
@NullMarked
package dev.millrace.cli.verify;

import org.jspecify.annotations.NullMarked;
