/** What the page of a server shows: figures second by second, and a map of the items. */
@NullMarked
package dev.millrace.page;

import org.jspecify.annotations.NullMarked;
