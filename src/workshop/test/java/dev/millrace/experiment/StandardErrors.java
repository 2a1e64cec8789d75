package dev.millrace.experiment;

import java.util.stream.IntStream;

/** By how many standard errors the test of an experiment finds its arms apart: {@link Uplift}'s sum over the root of its variance, worked out anew. */
public final class StandardErrors {

    private final ExperimentSums sums;
    private final Experiment.Plan plan;

    private StandardErrors(ExperimentSums sums, Experiment.Plan plan) {
        this.sums = sums;
        this.plan = plan;
    }

    /** Returns their number, above 0 if the treatment has more; 0 while no stage counts. */
    public static double of(ExperimentSums sums, Experiment.Plan plan) {
        return new StandardErrors(sums, plan).value();
    }

    /** Returns the least number at which the test ever speaks, whatever the variance. */
    public static double leastThatDecides(Experiment.Plan plan) {
        ConfidenceSequence sequence = new ConfidenceSequence(plan.uplift(), plan.error());
        double least = Double.MAX_VALUE;
        for (double variance = 1; variance < 1e9; variance *= 1.01) {
            least = Math.min(least, sequence.boundary(variance) / Math.sqrt(variance));
        }
        return least;
    }

    private double value() {
        int[] stages = IntStream.range(0, Experiment.MOST_STAGES)
                .filter(stage -> Uplift.isCounted(sums, plan, stage))
                .toArray();
        double sum = 0;
        double variance = 0;
        for (int k : stages) {
            sum += (plan.rate(sums, Arm.TREATMENT, k) - plan.rate(sums, Arm.CONTROL, k)) / rate(k) / covariance(k, k);
            for (int l : stages) {
                variance += covariance(k, l) / covariance(k, k) / covariance(l, l);
            }
        }
        return stages.length == 0 ? 0 : sum / Math.sqrt(variance);
    }

    private double covariance(int k, int l) {
        double sum = 0;
        for (Arm arm : Arm.values()) {
            double products = sums.residualProducts(arm, k, l, rate(k), rate(l));
            double least = k == l ? rate(k) * plan.size(sums, arm, k) : products;
            sum += Math.max(products, least) / plan.size(sums, arm, k) / plan.size(sums, arm, l);
        }
        return sum / rate(k) / rate(l);
    }

    /** Returns the rate of both arms. */
    private double rate(int stage) {
        double goals = sums.goals(Arm.CONTROL, stage) + sums.goals(Arm.TREATMENT, stage);
        return goals / (plan.size(sums, Arm.CONTROL, stage) + plan.size(sums, Arm.TREATMENT, stage));
    }
}
