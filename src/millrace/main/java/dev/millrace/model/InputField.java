package dev.millrace.model;

import dev.millrace.feature.FeatureSpec;
import java.util.List;

/**
 * One feature's place in the row that a tower's network reads.
 *
 * @param first first column; the feature's width is the number of columns
 * @param mean of a numeric feature so far; 0 for other kinds
 * @param deviation standard deviation of a numeric feature so far, which normalises it; 0 for other kinds, and before two
 *     different numbers
 * @param weights learned weight of each place of a history relative to the first; empty if they are not learned
 */
public record InputField(FeatureSpec feature, int first, double mean, double deviation, List<Double> weights) {
    public InputField {
        weights = List.copyOf(weights);
    }
}
