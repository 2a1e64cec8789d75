/** All benchmarks. Each tells figures, to people and to programs. */
@NullMarked
package dev.millrace.bench;

import org.jspecify.annotations.NullMarked;
