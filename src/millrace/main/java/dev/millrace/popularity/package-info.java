/** How often an item is clicked: the estimates that correct negatives, and the prior that answers add. */
@NullMarked
package dev.millrace.popularity;

import org.jspecify.annotations.NullMarked;
