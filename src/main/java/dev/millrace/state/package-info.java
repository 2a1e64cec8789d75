/** State that survives a crash: keyed entries in a checked format, written through at each commit. */
@NullMarked
package dev.millrace.state;

import org.jspecify.annotations.NullMarked;
