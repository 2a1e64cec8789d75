package dev.millrace.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class UpliftTest {

    private final Experiment experiment = Crowd.experiment(1, Crowd.plan(0.02, 1.0, 50.0));
    private final ExperimentSums sums = new ExperimentSums();

    @Test
    void standardErrorIsThatOfTheDeltaMethodWithUsersAsClusters() {
        users(Arm.CONTROL, 0, 100, 10, 2);
        users(Arm.CONTROL, 0, 100, 10, 0);
        users(Arm.TREATMENT, 0, 100, 10, 2);
        users(Arm.TREATMENT, 0, 100, 10, 1);

        Uplift uplift = Uplift.of(sums, experiment.plan());

        // rates 200 / 2,000 and 300 / 2,000; the residuals of the control are ± 1, those of the treatment ± .5, so that
        // their squares
        // add up to 200 and 50; of the latter the floor is taken, the Poisson variance .125 · 2,000 = 250; that of the
        // control is 250 too
        double variance = (250 + 250) / Math.pow(2_000 * 0.1, 2);
        assertThat(uplift.estimate()).isCloseTo(0.5, within(1e-12));
        assertThat(uplift.standardError()).isCloseTo(Math.sqrt(variance), within(1e-12));
    }

    @Test
    void goalByUserIsComparedByTheSharesOfTheArms() {
        Experiment.Plan byUser = Crowd.plan(0.02, 1.0, 20.0).per(Experiment.Per.USER);
        act(Arm.CONTROL, 1, 100, 4);
        act(Arm.TREATMENT, 1, 25, 4);
        act(Arm.TREATMENT, 1, 10, 1); // more users act in the treatment

        Uplift uplift = Uplift.of(sums, byUser);

        // in the second stage, 400 goals of 80 % of the users, 110 of 20 %: 5 and 5.5 a percent. Sums of squares 1,600
        // and 410; the shares of the 135 users are 108 and 27, so that the rates are 400 / 108 and 110 / 27
        double ofControl = 400.0 / 108;
        double variance = 1_600 / Math.pow(108 * ofControl, 2) + 410 / Math.pow(27 * ofControl, 2);
        assertThat(uplift.estimate()).isCloseTo(0.1, within(1e-12));
        assertThat(uplift.standardError()).isCloseTo(Math.sqrt(variance), within(1e-12));
    }

    @Test
    void usersWhoClickAllOrNothingMakeTheErrorLarger() {
        users(Arm.CONTROL, 0, 20, 10, 10);
        users(Arm.CONTROL, 0, 180, 10, 0);
        users(Arm.TREATMENT, 0, 20, 10, 10);
        users(Arm.TREATMENT, 0, 180, 10, 0);

        Uplift uplift = Uplift.of(sums, experiment.plan());

        // residuals 9 and −1: 20 · 81 + 180 · 1 = 1,800 an arm
        assertThat(uplift.standardError()).isCloseTo(Math.sqrt(2 * 1_800 / Math.pow(200, 2)), within(1e-12));
    }

    @Test
    void stagesCountByTheirInformationAndDependThroughTheirUsers() {
        for (int user = 0; user < 200; user++) { // the same users in two stages, in both like themselves
            for (Arm arm : Arm.values()) {
                UserCounts counts = new UserCounts(experiment);
                for (int stage = 0; stage < 2; stage++) {
                    for (int at = 0; at < 10; at++) {
                        sums.expose(arm, stage, counts);
                    }
                    for (int at = 0; user < 20 && at < 10; at++) {
                        sums.act(arm, stage, counts, "click", true);
                    }
                }
            }
        }

        Uplift uplift = Uplift.of(sums, experiment.plan());

        // the second stage tells nothing new: the error is that of one stage, 3,600 / 200², not less by sqrt(2)
        assertThat(uplift.standardError()).isCloseTo(Math.sqrt(3_600.0) / 200, within(1e-12));
    }

    @Test
    void nothingIsToldBeforeEachArmCouldHaveHadThirtyClicks() {
        users(Arm.CONTROL, 0, 100, 10, 1);
        users(Arm.TREATMENT, 0, 29, 10, 1);

        assertThat(Uplift.of(sums, experiment.plan())).isEqualTo(Uplift.NONE);
        users(Arm.TREATMENT, 0, 1, 10, 1);
        assertThat(Uplift.of(sums, experiment.plan()).estimate()).isZero();
    }

    @Test
    void stageInWhichTheControlHasNoGoalDoesNotCount() {
        users(Arm.CONTROL, 0, 100, 10, 0);
        users(Arm.TREATMENT, 0, 100, 10, 1); // 50 would be the goals of each, were they alike
        assertThat(Uplift.of(sums, experiment.plan())).isEqualTo(Uplift.NONE);

        users(Arm.CONTROL, 1, 100, 10, 2);
        users(Arm.TREATMENT, 1, 100, 10, 3);

        assertThat(Uplift.of(sums, experiment.plan()).estimate()).isCloseTo(0.5, within(1e-12));
    }

    @Test
    void usersWhoMoveToTheTreatmentDoNotMakeTheErrorSmaller() {
        for (int user = 0; user < 200; user++) { // of the control, then of the treatment; a tenth click all, else none
            UserCounts moved = new UserCounts(experiment);
            UserCounts treated = new UserCounts(experiment);
            UserCounts left = new UserCounts(experiment);
            see(Arm.CONTROL, 0, moved, 10, user < 20 ? 10 : 0);
            see(Arm.TREATMENT, 0, treated, 10, user < 20 ? 10 : 0);
            see(Arm.TREATMENT, 1, moved, 10, user < 20 ? 10 : 0);
            see(Arm.CONTROL, 1, left, 10, user < 20 ? 10 : 0);
        }

        Uplift uplift = Uplift.of(sums, experiment.plan());

        assertThat(sums.byName().keySet()).noneMatch(name -> name.contains("0-1") || name.contains("1-0"));
        // no user is in one arm twice: two stages of 3,600 / 200² each, of equal weight, as if their users were others
        assertThat(uplift.standardError()).isCloseTo(Math.sqrt(3_600 / 2.0) / 200, within(1e-12));
    }

    @Test
    void usersWhoClickInOneStageAloneDoNotMakeTheErrorSmaller() {
        for (int user = 0; user < 200; user++) { // a tenth click all of the first stage, another tenth of the second
            for (Arm arm : Arm.values()) {
                UserCounts counts = new UserCounts(experiment);
                see(arm, 0, counts, 10, user < 20 ? 10 : 0);
                see(arm, 1, counts, 10, user >= 20 && user < 40 ? 10 : 0);
            }
        }

        Uplift uplift = Uplift.of(sums, experiment.plan());

        // the stages' residuals have products of 9 · −1 and −1 · −1, together 40 · −9 + 160 < 0, which is not used
        assertThat(uplift.standardError()).isCloseTo(Math.sqrt(3_600 / 2.0) / 200, within(1e-12));
    }

    @Test
    void rateOfAnArmHasBoundsOfItsOwn() {
        users(Arm.CONTROL, 0, 29, 10, 1);
        assertThat(Uplift.ofArm(sums, Arm.CONTROL, 0, experiment.plan())).isEqualTo(Uplift.NONE);
        users(Arm.CONTROL, 0, 20, 10, 10);
        users(Arm.TREATMENT, 0, 100, 10, 1);

        Uplift rate = Uplift.ofArm(sums, Arm.CONTROL, 0, experiment.plan());
        Uplift regular = Uplift.ofArm(sums, Arm.TREATMENT, 0, experiment.plan());

        // 229 of 490; residuals of 29 users 1 − 10 θ, of 20 users 10 (1 − θ)
        double theta = 229.0 / 490;
        double products = 29 * Math.pow(1 - 10 * theta, 2) + 20 * Math.pow(10 * (1 - theta), 2);
        assertThat(rate.estimate()).isCloseTo(theta, within(1e-12));
        assertThat(rate.standardError()).isCloseTo(Math.sqrt(products) / 490, within(1e-12));
        assertThat(rate.lower()).isLessThan(theta);
        assertThat(theta - rate.lower()).isCloseTo(rate.upper() - theta, within(1e-12));
        // each user clicks once: residuals of 0, in place of which the Poisson variance is taken, 100
        assertThat(regular.standardError()).isCloseTo(Math.sqrt(100) / 1_000, within(1e-12));
    }

    @Test
    void boundaryReachesTheMixtureOneOverError() {
        ConfidenceSequence sequence = new ConfidenceSequence(0.02, 0.05);

        // r by the formula: part = 1 / (2 log 20 + log(1 + 2 log 20)) = 1 / (5.9915 + 1.9447) = .12600;
        // m = 1.126 log(1.126 / .126 · 400) / .02² = 1.126 · 8.1814 / .0004 = 23,031; r = 2,902
        double r = 2_902;
        double v = 10_000;
        double s = sequence.boundary(v);
        double mixture = (Math.sqrt(r / (v + r)) * Math.exp(s * s / (2 * (v + r)))
                        + Math.sqrt(4 / (v + 4)) * Math.exp(s * s / (2 * (v + 4))))
                / 2;
        assertThat(mixture).isCloseTo(20, within(0.05));
        double found = sequence.informationToFind(0.02);
        assertThat(sequence.boundary(found)).isCloseTo(0.02 * found, within(1e-3));
    }

    private void act(Arm arm, int stage, int count, int clicks) {
        for (int user = 0; user < count; user++) {
            UserCounts counts = new UserCounts(experiment);
            for (int at = 0; at < clicks; at++) {
                sums.act(arm, stage, counts, "click", true);
            }
        }
    }

    private void users(Arm arm, int stage, int count, int exposures, int clicks) {
        for (int user = 0; user < count; user++) {
            see(arm, stage, new UserCounts(experiment), exposures, clicks);
        }
    }

    private void see(Arm arm, int stage, UserCounts counts, int exposures, int clicks) {
        for (int at = 0; at < exposures; at++) {
            sums.expose(arm, stage, counts);
        }
        for (int at = 0; at < clicks; at++) {
            sums.act(arm, stage, counts, "click", true);
        }
    }
}
