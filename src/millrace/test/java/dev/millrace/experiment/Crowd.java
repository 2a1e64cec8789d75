package dev.millrace.experiment;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Users of an experiment who come again and again, each with a taste and a diligence of its own, counted by the code under test. */
final class Crowd {

    static final double RATE = 0.1;

    /**
     * How users are unequal.
     *
     * @param activity exponent of the Pareto distribution of their visits: at 1.16 a fifth of them make four fifths
     * @param concentration of their click rates, Beta of mean {@link #RATE}: at 3 a tenth have half of the clicks; 0: uniform from .02 to .18
     * @param page items that a visit shows
     * @param scale of the click rates, so that a large uplift is no rate above 1
     */
    record Habits(double activity, double concentration, int page, double scale) {

        static final Habits ALIKE = new Habits(2.5, 0, 1, 1);

        private double visits(Random random) {
            return StrictMath.pow(1 - random.nextDouble(), -1 / activity);
        }

        private double taste(Random random) {
            if (concentration == 0) {
                return scale * RATE * (0.2 + 1.6 * random.nextDouble());
            }
            double clicked = gamma(random, RATE * concentration);
            return scale * clicked / (clicked + gamma(random, (1 - RATE) * concentration));
        }

        /** Draws from a gamma distribution (Marsaglia and Tsang 2000). */
        private static double gamma(Random random, double shape) {
            if (shape < 1) {
                return gamma(random, shape + 1) * StrictMath.pow(random.nextDouble(), 1 / shape);
            }
            double d = shape - 1.0 / 3;
            while (true) {
                double x = random.nextGaussian();
                double root = 1 + x / StrictMath.sqrt(9 * d);
                double v = root * root * root;
                if (v > 0 && StrictMath.log(random.nextDouble()) < x * x / 2 + d - d * v + d * StrictMath.log(v)) {
                    return d * v;
                }
            }
        }
    }

    final ExperimentSums sums = new ExperimentSums();
    private final Random random;
    private final Member[] members;
    private final double[] upTo; // [members] of diligence
    private final Habits habits;
    private Experiment experiment;

    private static final class Member {
        final String name;
        final double taste;
        final UserCounts counts;
        Arm arm = Arm.CONTROL; // of the stage
        int stage = -1;

        Member(String name, double taste, UserCounts counts) {
            this.name = name;
            this.taste = taste;
            this.counts = counts;
        }

        Arm arm(Experiment experiment) {
            if (stage != experiment.stage()) {
                stage = experiment.stage();
                arm = experiment.arm(name);
            }
            return arm;
        }
    }

    /** @param seed of tastes, visits and clicks */
    Crowd(int members, Experiment experiment, long seed) {
        this(members, Habits.ALIKE, experiment, seed);
    }

    Crowd(int members, Habits habits, Experiment experiment, long seed) {
        this.habits = habits;
        this.experiment = experiment;
        this.random = new Random(seed);
        this.members = new Member[members];
        this.upTo = new double[members];
        double sum = 0;
        for (int at = 0; at < members; at++) {
            this.members[at] = new Member("u" + at, habits.taste(random), new UserCounts(1));
            sum += habits.visits(random);
            upTo[at] = sum;
        }
    }

    static Experiment.Plan plan(double uplift, Double... ramp) {
        return new Experiment.Plan("click", uplift, 0.05, List.of(ramp), Duration.ofHours(1), Duration.ofMinutes(10));
    }

    static Experiment experiment(long salt, Experiment.Plan plan) {
        return Experiment.started("trial", "g1", "g2", "salt " + salt, plan, 1);
    }

    void ramp() {
        experiment = experiment.ramped(experiment.stage() + 2);
    }

    Experiment experiment() {
        return experiment;
    }

    /**
     * A user comes, sees a page of items, and clicks each or not. Returns whether anything of it counts.
     *
     * @param factor on the click rate in the treatment
     */
    boolean visit(double factor) {
        double wanted = random.nextDouble() * upTo[upTo.length - 1];
        int place = Arrays.binarySearch(upTo, wanted);
        Member member = members[place < 0 ? -place - 1 : place];
        Arm arm = member.arm(experiment);
        int stage = experiment.stage();
        boolean isByUser = experiment.plan().per() == Experiment.Per.USER;
        double rate = member.taste * (arm == Arm.TREATMENT ? factor : 1);
        boolean isCounted = false;
        for (int item = 0; item < habits.page(); item++) {
            boolean clicks = random.nextDouble() < rate;
            boolean isShown = !isByUser && sums.expose(arm, stage, member.counts);
            if (clicks && (isByUser || isShown)) {
                sums.act(arm, stage, member.counts, "click", true);
            }
            isCounted |= isByUser ? clicks : isShown;
        }
        return isCounted;
    }

    /** Accounts of one arm do as much as counts in the stage: they see all that they may, and click all of it or nothing. */
    void raid(List<UserCounts> accounts, Arm arm, boolean isClicked) {
        int stage = experiment.stage();
        for (UserCounts account : accounts) {
            while (sums.expose(arm, stage, account)) {
                if (isClicked) {
                    sums.act(arm, stage, account, "click", true);
                }
            }
        }
    }

    long exposures() {
        return IntStream.range(0, Experiment.MOST_STAGES)
                .mapToLong(stage -> sums.exposures(Arm.CONTROL, stage) + sums.exposures(Arm.TREATMENT, stage))
                .sum();
    }

    /** Returns whether the present stage counts. */
    boolean isCounted() {
        return Uplift.isCounted(sums, experiment.plan(), experiment.stage());
    }

    Uplift.Verdict verdict() {
        return Uplift.verdict(sums, experiment.plan());
    }

    Uplift uplift() {
        return Uplift.of(sums, experiment.plan());
    }

    /** Variance of what a user of the control clicks beyond its share, over that of a Poisson number of the same mean. */
    double spread() {
        double rate = sums.goals(Arm.CONTROL, 0) / (double) sums.exposures(Arm.CONTROL, 0);
        return sums.residualProducts(Arm.CONTROL, 0, 0, rate, rate) / sums.goals(Arm.CONTROL, 0);
    }
}
