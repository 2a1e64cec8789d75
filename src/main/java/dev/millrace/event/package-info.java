/** What producers send: exposures, clicks, user profiles and catalogue items, checked; and what could not be used. */
@NullMarked
package dev.millrace.event;

import org.jspecify.annotations.NullMarked;
