/** The HTTP face: recall, similar items, health, metrics. */
@NullMarked
package dev.millrace.serve;

import org.jspecify.annotations.NullMarked;
