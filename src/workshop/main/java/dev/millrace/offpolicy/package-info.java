/** What another policy would have earned, estimated from a log of what was shown with which probability. */
@NullMarked
package dev.millrace.offpolicy;

import org.jspecify.annotations.NullMarked;
