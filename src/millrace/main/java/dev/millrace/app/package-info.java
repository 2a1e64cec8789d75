/** Assembly: all settings together, and the processes that are made from them. */
@NullMarked
package dev.millrace.app;

import org.jspecify.annotations.NullMarked;
