package dev.millrace.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class UpliftTest {

    private final Experiment experiment = Crowd.experiment(1, Crowd.plan(0.02, 1.0, 50.0));
    private final ExperimentSums sums = new ExperimentSums();

    @Test
    void errorsAreOfTheDeltaMethodWithUsersAsClusters() {
        users(Arm.CONTROL, 0, 100, 10, 2);
        users(Arm.CONTROL, 0, 100, 10, 0);
        users(Arm.TREATMENT, 0, 100, 10, 2);
        users(Arm.TREATMENT, 0, 100, 10, 1);

        Uplift uplift = Uplift.of(sums, experiment.plan());

        // 200 and 300 goals; the residuals of the control are ± 1, those of the treatment ± .5, so that their squares
        // add
        // up to 200 and 50; in place of the latter the Poisson variance is taken, 300
        double variance = 200 / Math.pow(200, 2) + 300 / Math.pow(300, 2);
        assertThat(uplift.estimate()).isCloseTo(0.5, within(1e-12));
        assertThat(uplift.standardError()).isCloseTo(Math.sqrt(variance), within(1e-12));
    }

    @Test
    void goalByUserIsComparedByTheSharesOfTheArms() {
        Experiment.Plan byUser = Crowd.plan(0.02, 1.0, 20.0).per(Experiment.Per.USER);
        act(Arm.CONTROL, 1, 1_000, 4);
        act(Arm.TREATMENT, 1, 250, 4);
        act(Arm.TREATMENT, 1, 100, 1); // more users act in the treatment

        Uplift uplift = Uplift.of(sums, byUser);

        // in the second stage, 4,000 goals of 80 % of the users, 1,100 of 20 %: 50 and 55 a percent. Sums of squares
        // 16,000 and 4,100
        double variance = 16_000 / Math.pow(4_000, 2) + 4_100 / Math.pow(1_100, 2);
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
    void stagesCountByTheirInformation() {
        for (int user = 0; user < 200; user++) { // the same users in two stages, in both like themselves
            for (Arm arm : Arm.values()) {
                UserCounts counts = new UserCounts(1);
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
        users(Arm.CONTROL, 0, 100, 1, 1);
        users(Arm.CONTROL, 0, 900, 1, 0);
        users(Arm.TREATMENT, 0, 29, 1, 1);
        users(Arm.TREATMENT, 0, 261, 1, 0);

        assertThat(Uplift.of(sums, experiment.plan())).isEqualTo(Uplift.NONE);
        users(Arm.TREATMENT, 0, 1, 1, 1);
        users(Arm.TREATMENT, 0, 9, 1, 0);
        assertThat(Uplift.of(sums, experiment.plan()).estimate()).isCloseTo(0, within(1e-12));
    }

    @Test
    void eachArmNeedsAHundredUsersOfEqualWeight() {
        users(Arm.CONTROL, 0, 1_000, 10, 1);
        users(Arm.TREATMENT, 0, 100, 10, 1);
        assertThat(Uplift.of(sums, experiment.plan()).estimate()).isCloseTo(0, within(1e-12));

        users(Arm.TREATMENT, 0, 1, 40, 4); // 1,040² / 11,600 = 93.2

        assertThat(Uplift.of(sums, experiment.plan())).isEqualTo(Uplift.NONE);
    }

    @Test
    void armWithoutAGoalIsWorseAndHasAnEstimate() {
        users(Arm.CONTROL, 0, 100, 10, 1);
        users(Arm.TREATMENT, 0, 100, 10, 0);

        Uplift uplift = Uplift.of(sums, experiment.plan());

        // half a goal against a hundred and a half
        assertThat(uplift.estimate()).isCloseTo(0.5 / 100.5 - 1, within(1e-12));
        assertThat(Uplift.verdict(sums, experiment.plan())).isEqualTo(Uplift.Verdict.WORSE);
    }

    @Test
    void accountThatIsMostOfAnArmDecidesNothing() {
        users(Arm.CONTROL, 0, 10_000, 10, 1);
        users(Arm.TREATMENT, 0, 150, 10, 1);

        users(Arm.TREATMENT, 0, 1, UserCounts.MOST_COUNTED, UserCounts.MOST_COUNTED);

        assertThat(Uplift.of(sums, experiment.plan()).estimate()).isGreaterThan(0.2);
        assertThat(Uplift.verdict(sums, experiment.plan())).isEqualTo(Uplift.Verdict.OPEN);
    }

    @Test
    void betterNeedsMoreUsersThanWorse() {
        users(Arm.CONTROL, 0, 1_000, 10, 1);
        users(Arm.TREATMENT, 0, 999, 10, 2);
        assertThat(Uplift.verdict(sums, experiment.plan())).isEqualTo(Uplift.Verdict.OPEN);

        users(Arm.TREATMENT, 0, 1, 10, 2);

        assertThat(Uplift.verdict(sums, experiment.plan())).isEqualTo(Uplift.Verdict.BETTER);
    }

    /** The residuals around an arm's own rate are small where few accounts make the rate; around that of both arms they are not. */
    @Test
    void testTakesTheVarianceThatHoldsIfTheArmsAreAlike() {
        users(Arm.CONTROL, 0, 200, 10, 1);
        users(Arm.CONTROL, 0, 10, 40, 40);
        users(Arm.TREATMENT, 0, 1_000, 10, 1);

        // θ = 1,600 / 12,400 = .129, D = (.1 − 600 / 2,400) / θ = −1.16; squared residuals of the control 200 · .29² +
        // 10 · 34.84² = 12,155, over (2,400 θ)² = .127; the treatment adds .0008. So D is 3.26 standard errors. Around
        // its own
        // rate they were 200 · 1.5² + 10 · 30² = 9,450, and D 3.70 standard errors, which would decide
        assertThat(Uplift.verdict(sums, experiment.plan())).isEqualTo(Uplift.Verdict.OPEN);
        users(Arm.CONTROL, 0, 4, 40, 40);
        assertThat(Uplift.verdict(sums, experiment.plan())).isEqualTo(Uplift.Verdict.WORSE);
    }

    @Test
    void usersWhoMoveToTheTreatmentDoNotMakeTheErrorSmaller() {
        for (int user = 0; user < 200; user++) { // of the control, then of the treatment; a tenth click all, else none
            UserCounts moved = new UserCounts(1);
            UserCounts treated = new UserCounts(1);
            UserCounts left = new UserCounts(1);
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
    void usersOfOneStageLeaveTheErrorAsItIs() {
        for (int user = 0; user < 200; user++) { // a tenth click all of the first stage, another tenth of the second
            for (Arm arm : Arm.values()) {
                UserCounts counts = new UserCounts(1);
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
        users(Arm.CONTROL, 0, 99, 10, 1);
        assertThat(Uplift.ofArm(sums, Arm.CONTROL, 0, experiment.plan())).isEqualTo(Uplift.NONE);
        users(Arm.CONTROL, 0, 20, 10, 10);
        users(Arm.TREATMENT, 0, 100, 10, 1);

        Uplift rate = Uplift.ofArm(sums, Arm.CONTROL, 0, experiment.plan());
        Uplift regular = Uplift.ofArm(sums, Arm.TREATMENT, 0, experiment.plan());

        // 299 of 1,190; residuals of 99 users 1 − 10 θ, of 20 users 10 (1 − θ)
        double theta = 299.0 / 1_190;
        double products = 99 * Math.pow(1 - 10 * theta, 2) + 20 * Math.pow(10 * (1 - theta), 2);
        assertThat(rate.estimate()).isCloseTo(theta, within(1e-12));
        assertThat(rate.standardError()).isCloseTo(Math.sqrt(products) / 1_190, within(1e-12));
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
            UserCounts counts = new UserCounts(1);
            for (int at = 0; at < clicks; at++) {
                sums.act(arm, stage, counts, "click", true);
            }
        }
    }

    private void users(Arm arm, int stage, int count, int exposures, int clicks) {
        for (int user = 0; user < count; user++) {
            see(arm, stage, new UserCounts(1), exposures, clicks);
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
