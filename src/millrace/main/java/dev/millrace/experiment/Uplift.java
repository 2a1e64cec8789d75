package dev.millrace.experiment;

/**
 * How much more the treatment has of the goal than the control, relative to the control, and the bounds of a confidence sequence that holds at all looks
 * together.
 *
 * <p>Of each stage k, with the rates θ of both arms, D_k = (θ_treatment − θ_control) / θ_control, each a ratio of sums over users. Their covariances are
 * those of the delta method with users as clusters: C_kl = Σ_arms Σ_users e_k e_l / (X_k X_l θ_k θ_l), e = y − θ x, X the arm's exposures and θ of the
 * control. A user who is in one arm in two stages makes those depend on each other; one who moved to the treatment makes the variance smaller, which is not
 * used. With I_k = 1 / C_kk, the estimate is Σ I_k D_k / Σ I_k, and the variance of its numerator Σ_kl I_k I_l C_kl.
 *
 * <p>If the goal is by user, x is 0 and X the arm's share of the users: of those who acted in either arm, as any number does that is the same for both. So a
 * treatment in which more users act has more of the goal, though nobody counts those who do not.
 *
 * <p>No arm's variance is taken as less than that of a Poisson number of the rate of both arms: an arm without a click has a variance too. A stage counts
 * from {@value #LEAST_GOALS} expected actions in each arm on.
 *
 * @param estimate relative change; NaN if no stage counts yet, as are the bounds
 * @param lower bound
 * @param upper bound
 * @param standardError of the estimate
 */
public record Uplift(double estimate, double lower, double upper, double standardError) {

    /** Nothing is known. */
    public static final Uplift NONE = new Uplift(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    static final int LEAST_GOALS = 30;

    /** Returns the uplift that sums show. */
    public static Uplift of(ExperimentSums sums, Experiment.Plan plan) {
        Stages stages = Stages.of(sums, plan);
        if (stages.count == 0) {
            return NONE;
        }
        ConfidenceSequence sequence = new ConfidenceSequence(plan.uplift(), plan.error());
        double half = sequence.boundary(stages.variance) / stages.information;
        double estimate = stages.sum / stages.information;
        return new Uplift(
                estimate, estimate - half, estimate + half, StrictMath.sqrt(stages.variance) / stages.information);
    }

    /** Returns the rate of the goal in an arm and a stage as {@link Experiment.Plan#rate} has it, with bounds of the same kind, which hold for this arm alone. */
    public static Uplift ofArm(ExperimentSums sums, Arm arm, int stage, Experiment.Plan plan) {
        double goals = sums.goals(arm, stage);
        if (goals < LEAST_GOALS) {
            return NONE;
        }
        double rate = plan.rate(sums, arm, stage);
        double products = sums.residualProducts(arm, stage, stage, rate, rate);
        double information = goals * goals / Math.max(products, goals); // of the rate, relative
        double half = new ConfidenceSequence(plan.uplift(), plan.error()).boundary(information) / information;
        return new Uplift(rate, rate * (1 - half), rate * (1 + half), rate / StrictMath.sqrt(information));
    }

    /**
     * Returns about how many exposures in both arms find a change half of the time.
     *
     * @param change relative
     * @param percent of the users in the treatment
     * @param rate actions an exposure
     * @param spread variance of a user's y − θ x, over that of a Poisson number of the same mean; 1 if users are alike
     */
    public static double exposuresToFind(
            double change, Experiment.Plan plan, double percent, double rate, double spread) {
        double share = percent / 100;
        double information = new ConfidenceSequence(plan.uplift(), plan.error()).informationToFind(change);
        return information * spread / (rate * share * (1 - share));
    }

    /** The sums over stages that an estimate is made of. */
    private record Stages(int count, double sum, double information, double variance) {

        static Stages of(ExperimentSums sums, Experiment.Plan plan) {
            Rates rates = new Rates(sums, plan);
            int[] counted = new int[Experiment.MOST_STAGES];
            int count = 0;
            for (int stage = 0; stage < Experiment.MOST_STAGES; stage++) {
                if (rates.expected(stage) >= LEAST_GOALS && sums.goals(Arm.CONTROL, stage) > 0) {
                    counted[count++] = stage;
                }
            }
            double[] information = new double[count];
            double sum = 0;
            double all = 0;
            for (int at = 0; at < count; at++) {
                int stage = counted[at];
                double control = rates.of(Arm.CONTROL, stage);
                information[at] = 1 / rates.covariance(stage, stage);
                sum += information[at] * (rates.of(Arm.TREATMENT, stage) - control) / control;
                all += information[at];
            }
            double variance = all; // Σ_k I_k² C_kk
            for (int k = 0; k < count; k++) {
                for (int l = k + 1; l < count; l++) {
                    variance += 2 * information[k] * information[l] * rates.covariance(counted[k], counted[l]);
                }
            }
            return new Stages(count, sum, all, Math.max(variance, all));
        }
    }

    /** Rates of the goal, and how they depend on each other. */
    private record Rates(ExperimentSums sums, Experiment.Plan plan) {

        double of(Arm arm, int stage) {
            return plan.rate(sums, arm, stage);
        }

        /** Returns the goals that the smaller arm would have if both had one rate. */
        double expected(int stage) {
            return ofBoth(stage) * Math.min(size(Arm.CONTROL, stage), size(Arm.TREATMENT, stage));
        }

        /** C_kl. */
        double covariance(int k, int l) {
            double scale = of(Arm.CONTROL, k) * of(Arm.CONTROL, l);
            double sum = 0;
            for (Arm arm : Arm.values()) {
                double products = sums.residualProducts(arm, k, l, of(arm, k), of(arm, l));
                if (k == l) {
                    products = Math.max(products, ofBoth(k) * size(arm, k));
                }
                sum += products / (size(arm, k) * size(arm, l) * scale);
            }
            return sum;
        }

        private double ofBoth(int stage) {
            double goals = sums.goals(Arm.CONTROL, stage) + sums.goals(Arm.TREATMENT, stage);
            double size = size(Arm.CONTROL, stage) + size(Arm.TREATMENT, stage);
            return size == 0 ? 0 : goals / size;
        }

        private double size(Arm arm, int stage) {
            return plan.size(sums, arm, stage);
        }
    }
}
