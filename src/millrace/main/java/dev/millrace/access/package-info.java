/** Who may ask a server, and by which certificate it shows who it is. */
@NullMarked
package dev.millrace.access;

import org.jspecify.annotations.NullMarked;
