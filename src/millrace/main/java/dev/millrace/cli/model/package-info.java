/** The commands about generations and checkpoints. */
@NullMarked
package dev.millrace.cli.model;

import org.jspecify.annotations.NullMarked;
