/** What is wrong with an installation, why it matters, and the command that mends it. */
@NullMarked
package dev.millrace.diagnosis;

import org.jspecify.annotations.NullMarked;
