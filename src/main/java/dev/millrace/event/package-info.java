/** Checked events of producers: exposures, clicks, user profiles and catalogue items; and the reasons to reject one. */
@NullMarked
package dev.millrace.event;

import org.jspecify.annotations.NullMarked;
