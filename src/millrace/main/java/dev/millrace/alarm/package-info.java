/** Alarms for faults of a model that still learns, before users notice. */
@NullMarked
package dev.millrace.alarm;

import org.jspecify.annotations.NullMarked;
