/** Transactions whose end is missing in a log: found, judged, settled. */
@NullMarked
package dev.millrace.topic.transaction;

import org.jspecify.annotations.NullMarked;
