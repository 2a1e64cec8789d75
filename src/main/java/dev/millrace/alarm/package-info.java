/** What may be wrong with a model that still learns, told before users notice. */
@NullMarked
package dev.millrace.alarm;

import org.jspecify.annotations.NullMarked;
