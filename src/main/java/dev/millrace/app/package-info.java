/** Assembly: all settings together, and the processes made of them. */
@NullMarked
package dev.millrace.app;

import org.jspecify.annotations.NullMarked;
