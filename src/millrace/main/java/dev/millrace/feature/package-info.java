/** Declared features, and a user's features as they stood at one moment. */
@NullMarked
package dev.millrace.feature;

import org.jspecify.annotations.NullMarked;
