/** The attribution beside Apache Flink: the same events, the same examples, and what an event costs either. */
@NullMarked
package dev.millrace.flink;

import org.jspecify.annotations.NullMarked;
