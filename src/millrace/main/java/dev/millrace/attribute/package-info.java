/**
 * Labelled training examples: a click joined to the features of the moment of its exposure.
 *
 * <p>For other programs: {@link dev.millrace.attribute.Attribution} takes events in the order in which they come, and hands examples and users' latest features to its {@code Output}.
 */
@NullMarked
package dev.millrace.attribute;

import org.jspecify.annotations.NullMarked;
