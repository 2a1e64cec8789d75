/** The items that can be recommended, with their features and their age. */
@NullMarked
package dev.millrace.catalogue;

import org.jspecify.annotations.NullMarked;
