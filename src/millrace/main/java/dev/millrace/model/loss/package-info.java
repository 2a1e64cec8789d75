/**
 * Losses of a step: candidates, correction for sampling, loss forms and the weights of objectives.
 */
@NullMarked
package dev.millrace.model.loss;

import org.jspecify.annotations.NullMarked;
