/** HTTP: the recall API and the page of a server, and health and metrics of each process. */
@NullMarked
package dev.millrace.serve;

import org.jspecify.annotations.NullMarked;
