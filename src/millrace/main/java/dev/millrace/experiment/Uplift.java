package dev.millrace.experiment;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How much more the treatment has of the goal than the control, relative to the control: a test of the arms being alike, and the bounds of a confidence
 * sequence. Both hold at all looks together.
 *
 * <p>In each stage k the arm a has the exposures X and the goals Y, the rate θ_a = Y / X, and both arms together θ. Of a user's exposures x and goals y in
 * a stage, e = y − θ x is the residual; users are the clusters (Deng, Knoblich and Lu 2018).
 *
 * <p>The <b>test</b> takes the residuals around the rate of both arms, which is what holds if the arms are alike (the score test, Rao 1948): of
 * Z_k = (θ_treatment − θ_control) / θ the covariances are C_kl = Σ_arms Σ_users e_k e_l / (X_k X_l θ_k θ_l). So somebody who has most of an arm is far from
 * the rate, and makes the variance as large as what he does. With I_k = 1 / C_kk, the sum Σ I_k Z_k has the variance Σ_kl I_k I_l C_kl.
 *
 * <p>The <b>bounds</b> are of log(θ_treatment / θ_control), whose covariances have the residuals around each arm's own rate: C_kl = Σ_arms Σ_users e_k e_l /
 * (Y_k Y_l), by the delta method. They are told as relative changes. Where an arm has no goal, a half is added to each.
 *
 * <p>A user who is in one arm in two stages makes those depend on each other; one who moved to the treatment makes the variance smaller, which is not used.
 *
 * <p>If the goal is by user, x is 0 and X the arm's share of the users: of those who acted in either arm, as any number does that is the same for both. So a
 * treatment in which more users act has more of the goal, though nobody counts those who do not.
 *
 * <p>No arm's variance is taken as less than that of a Poisson number of its rate: an arm without a click has a variance too. A stage counts from
 * {@value #LEAST_GOALS} expected actions and an effective number of {@value #LEAST_USERS} users in each arm on: (Σ x)² / Σ x², the number of users of equal
 * weight that have the same variance (Kish 1965); by user it is of y. A treatment is better from {@value #LEAST_USERS_OF_BETTER} of them in each arm on, over all
 * stages: n accounts that do the same are at most √n standard errors of an arm, however small it is, so an arm of few users would let ten promote it.
 *
 * @param estimate relative change; NaN if no stage counts yet, as are the bounds
 * @param lower bound
 * @param upper bound
 * @param standardError of log(1 + estimate)
 */
public record Uplift(double estimate, double lower, double upper, double standardError) {

    /** Nothing is known. */
    public static final Uplift NONE = new Uplift(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    static final int LEAST_GOALS = 30;
    static final int LEAST_USERS = 100;
    static final int LEAST_USERS_OF_BETTER = 1_000;

    private static final double LEAST_IN_LOG = 0.5;

    /** What the test says. */
    public enum Verdict {
        /** The arms may be alike. */
        OPEN,
        /** The treatment has more of the goal. */
        BETTER,
        /** The treatment has less of it. */
        WORSE
    }

    /** Returns the uplift that sums show. */
    public static Uplift of(ExperimentSums sums, Experiment.Plan plan) {
        Rates rates = new Rates(sums, plan);
        int[] counted = rates.counted();
        if (counted.length == 0) {
            return NONE;
        }
        ConfidenceSequence sequence = new ConfidenceSequence(plan.uplift(), plan.error());
        Weighted log = Weighted.of(counted, rates::logRatio, rates::logCovariance);
        double half = sequence.boundary(log.variance) / log.information;
        double estimate = log.sum / log.information;
        return new Uplift(
                StrictMath.expm1(estimate),
                StrictMath.expm1(estimate - half),
                StrictMath.expm1(estimate + half),
                StrictMath.sqrt(log.variance) / log.information);
    }

    /** Returns what the test says of sums. */
    static Verdict verdict(ExperimentSums sums, Experiment.Plan plan) {
        Rates rates = new Rates(sums, plan);
        int[] counted = rates.counted();
        return counted.length == 0
                ? Verdict.OPEN
                : verdict(rates, counted, new ConfidenceSequence(plan.uplift(), plan.error()));
    }

    /** Returns whether enough is known of a stage. */
    static boolean isCounted(ExperimentSums sums, Experiment.Plan plan, int stage) {
        return new Rates(sums, plan).isCounted(stage);
    }

    private static Verdict verdict(Rates rates, int[] counted, ConfidenceSequence sequence) {
        Weighted test = Weighted.of(counted, rates::difference, rates::nullCovariance);
        if (!sequence.excludesZero(test.sum, test.variance)) {
            return Verdict.OPEN;
        }
        if (test.sum < 0) {
            return Verdict.WORSE;
        }
        return Arrays.stream(Arm.values()).allMatch(arm -> rates.users(arm, counted) >= LEAST_USERS_OF_BETTER)
                ? Verdict.BETTER
                : Verdict.OPEN;
    }

    /** Returns the rate of the goal in an arm and a stage as {@link Experiment.Plan#rate} has it, with bounds of the same kind, which hold for this arm alone. */
    public static Uplift ofArm(ExperimentSums sums, Arm arm, int stage, Experiment.Plan plan) {
        double goals = sums.goals(arm, stage);
        if (goals < LEAST_GOALS || plan.effectiveUsers(sums, arm, stage) < LEAST_USERS) {
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

    /** A number of two stages. */
    private interface Covariance {
        double of(int k, int l);
    }

    /**
     * A sum over stages, each weighted by its information.
     *
     * @param variance of the sum
     */
    private record Weighted(double sum, double information, double variance) {

        static Weighted of(int[] stages, IntToDoubleFunction value, Covariance covariance) {
            double[] information = new double[stages.length];
            double sum = 0;
            double all = 0;
            for (int at = 0; at < stages.length; at++) {
                information[at] = 1 / covariance.of(stages[at], stages[at]);
                sum += information[at] * value.applyAsDouble(stages[at]);
                all += information[at];
            }
            double variance = all; // Σ_k I_k² C_kk
            for (int k = 0; k < stages.length; k++) {
                for (int l = k + 1; l < stages.length; l++) {
                    variance += 2 * information[k] * information[l] * covariance.of(stages[k], stages[l]);
                }
            }
            return new Weighted(sum, all, Math.max(variance, all));
        }
    }

    /** Rates of the goal, and how they depend on each other. */
    private record Rates(ExperimentSums sums, Experiment.Plan plan) {

        int[] counted() {
            return IntStream.range(0, Experiment.MOST_STAGES)
                    .filter(this::isCounted)
                    .toArray();
        }

        private boolean isCounted(int stage) {
            return ofBoth(stage) * Math.min(size(Arm.CONTROL, stage), size(Arm.TREATMENT, stage)) >= LEAST_GOALS
                    && Arrays.stream(Arm.values())
                            .allMatch(arm -> plan.effectiveUsers(sums, arm, stage) >= LEAST_USERS);
        }

        double users(Arm arm, int... stages) {
            return Arrays.stream(stages)
                    .mapToDouble(stage -> plan.effectiveUsers(sums, arm, stage))
                    .sum();
        }

        double difference(int stage) {
            return (of(Arm.TREATMENT, stage) - of(Arm.CONTROL, stage)) / ofBoth(stage);
        }

        double logRatio(int stage) {
            return StrictMath.log(goals(Arm.TREATMENT, stage) / size(Arm.TREATMENT, stage))
                    - StrictMath.log(goals(Arm.CONTROL, stage) / size(Arm.CONTROL, stage));
        }

        double nullCovariance(int k, int l) {
            double sum = 0;
            for (Arm arm : Arm.values()) {
                double products = sums.residualProducts(arm, k, l, ofBoth(k), ofBoth(l));
                if (k == l) {
                    products = Math.max(products, ofBoth(k) * size(arm, k));
                }
                sum += products / (size(arm, k) * size(arm, l));
            }
            return sum / (ofBoth(k) * ofBoth(l));
        }

        double logCovariance(int k, int l) {
            double sum = 0;
            for (Arm arm : Arm.values()) {
                double products = sums.residualProducts(arm, k, l, of(arm, k), of(arm, l));
                if (k == l) {
                    products = Math.max(products, goals(arm, k));
                }
                sum += products / (goals(arm, k) * goals(arm, l));
            }
            return sum;
        }

        private double of(Arm arm, int stage) {
            return plan.rate(sums, arm, stage);
        }

        /** Returns the goals, with a half added in both arms if one has none. */
        private double goals(Arm arm, int stage) {
            boolean isOneWithout = sums.goals(Arm.CONTROL, stage) == 0 || sums.goals(Arm.TREATMENT, stage) == 0;
            return sums.goals(arm, stage) + (isOneWithout ? LEAST_IN_LOG : 0);
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
