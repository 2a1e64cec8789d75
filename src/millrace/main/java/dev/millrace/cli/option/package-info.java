/** The options that commands share, and what they open by them. */
@NullMarked
package dev.millrace.cli.option;

import org.jspecify.annotations.NullMarked;
