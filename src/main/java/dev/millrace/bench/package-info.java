/** All benchmarks. Each prints figures. */
@NullMarked
package dev.millrace.bench;

import org.jspecify.annotations.NullMarked;
