package dev.millrace.model;

import dev.millrace.feature.FeatureSpec;

/**
 * One feature's place in the row that a tower's network reads.
 *
 * @param first of its columns; it has as many as the feature is wide
 * @param mean of a number so far; 0 for other kinds
 * @param deviation standard deviation of a number so far, by which its distance from the mean is divided; 0 for other kinds, and for a
 *     number that has not yet differed
 */
public record InputField(FeatureSpec feature, int first, double mean, double deviation) {}
