/** Labelled training examples: a click joined to the features of the exposure it answers. */
@NullMarked
package dev.millrace.attribute;

import org.jspecify.annotations.NullMarked;
