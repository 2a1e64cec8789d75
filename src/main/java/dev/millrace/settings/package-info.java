/** Settings as checked values: read from flat keys, every fault reported together. */
@NullMarked
package dev.millrace.settings;

import org.jspecify.annotations.NullMarked;
