/** The options that commands share. */
@NullMarked
package dev.millrace.cli.option;

import org.jspecify.annotations.NullMarked;
