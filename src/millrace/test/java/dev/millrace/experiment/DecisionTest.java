package dev.millrace.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.experiment.Experiment.Result;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DecisionTest {

    private static final Instant START = Instant.ofEpochMilli(1);
    private static final Instant SOON = START.plus(Duration.ofMinutes(30));
    private static final AnswerHistory UNTOLD = AnswerHistory.NONE;
    private static final Instant DUE = START.plus(Duration.ofMinutes(61)); // a stage lasts an hour

    private final Experiment experiment = Crowd.experiment(1, Crowd.plan(0.1, 50.0, 75.0));

    @Test
    void betterTreatmentIsPromotedAndWorseRolledBack() {
        assertThat(result(facts(sums(1.5), SOON), SOON)).contains(Result.PROMOTED);
        assertThat(result(facts(sums(0.5), SOON), SOON)).contains(Result.ROLLED_BACK);
    }

    @Test
    void alikeArmsGoOnToTheNextStageWhenItIsDue() {
        Decision.Facts alike = facts(sums(1), DUE);

        assertThat(Decision.next(experiment, facts(sums(1), SOON), SOON)).isEmpty();
        Optional<Experiment> next = Decision.next(experiment, alike, DUE);
        assertThat(next).contains(experiment.ramped(DUE.toEpochMilli()));
        Instant later = DUE.plus(Duration.ofHours(9));
        assertThat(Decision.next(next.orElseThrow(), facts(sums(1), later), later))
                .isEmpty(); // there is no stage more
    }

    @Test
    void silentLearnersOnlyAllowARollBack() {
        Instant before = DUE.minus(Duration.ofMinutes(11)); // counts may be ten minutes old
        Decision.Learner learner = new Decision.Learner(DUE, "");

        for (Optional<Instant> silent : List.of(Optional.<Instant>empty(), Optional.of(before))) {
            assertThat(Decision.next(
                            experiment,
                            new Decision.Facts(sums(1.5), silent, Optional.of(learner), Optional.of(DUE), UNTOLD),
                            DUE))
                    .isEmpty();
            assertThat(Decision.next(
                            experiment,
                            new Decision.Facts(sums(1), silent, Optional.of(learner), Optional.of(DUE), UNTOLD),
                            DUE))
                    .isEmpty();
            assertThat(result(
                            new Decision.Facts(sums(0.5), silent, Optional.of(learner), Optional.of(DUE), UNTOLD), DUE))
                    .contains(Result.ROLLED_BACK);
        }
    }

    @Test
    void stageGoesOnOnlyOnceEachArmWasCountedInIt() {
        for (Arm arm : Arm.values()) {
            ExperimentSums one = new ExperimentSums();
            one.expose(arm, 0, new UserCounts(1));

            assertThat(Decision.next(experiment, facts(one, DUE), DUE)).isEmpty();
        }
        assertThat(Decision.next(experiment, facts(new ExperimentSums(), DUE), DUE))
                .isEmpty();
    }

    @Test
    void eachStageLastsItsTimeFromItsOwnBeginningOn() {
        Experiment second =
                Crowd.experiment(1, Crowd.plan(0.1, 1.0, 10.0, 50.0)).ramped(DUE.toEpochMilli());
        Instant within = DUE.plus(Duration.ofMinutes(59));
        Instant behind = DUE.plus(Duration.ofMinutes(61));
        ExperimentSums sums = new ExperimentSums();
        for (Arm arm : Arm.values()) {
            sums.expose(arm, 1, new UserCounts(1));
        }

        assertThat(Decision.next(second, facts(sums, within), within)).isEmpty();
        assertThat(Decision.next(second, facts(sums, behind), behind)).contains(second.ramped(behind.toEpochMilli()));
    }

    @Test
    void guardsRollBackABetterTreatmentToo() {
        Instant fresh = SOON.minus(Duration.ofMinutes(9));
        Instant old = SOON.minus(Duration.ofMinutes(11));

        assertThat(result(facts(sums(1.5), SOON, new Decision.Learner(fresh, "")), SOON))
                .contains(Result.PROMOTED);
        assertThat(result(facts(sums(1.5), SOON, new Decision.Learner(old, "")), SOON))
                .contains(Result.ROLLED_BACK);
        assertThat(result(facts(sums(1.5), SOON, new Decision.Learner(fresh, "embedding-collapse")), SOON))
                .contains(Result.ROLLED_BACK);
        Decision.Facts unheard =
                new Decision.Facts(sums(1), Optional.of(SOON), Optional.empty(), Optional.of(SOON), UNTOLD);
        assertThat(result(unheard, SOON)).contains(Result.ROLLED_BACK);
        Experiment later = experiment.ramped(SOON.toEpochMilli()); // a stage more is no word of the learner
        assertThat(Decision.next(later, unheard, SOON).flatMap(Experiment::end).map(Experiment.End::result))
                .contains(Result.ROLLED_BACK);
    }

    @Test
    void brokenGuardsOfServersRollBackBetterTreatments() {
        Experiment guarded = guarded("p99=100", "empty=0.5");

        Optional<Experiment> next = Decision.next(guarded, told(sums(1.5), SOON, answers(2, 300)), SOON);

        assertThat(next.flatMap(Experiment::end).map(Experiment.End::result)).contains(Result.ROLLED_BACK);
        assertThat(next.flatMap(Experiment::end).map(Experiment.End::why).orElseThrow())
                .startsWith("guard: p99 = ")
                .endsWith(": must be at most 100.0, and was not in 2 of 2 windows");
        assertThat(Decision.next(guarded, told(sums(1.5), SOON, answers(2, 30)), SOON)
                        .flatMap(Experiment::end)
                        .map(Experiment.End::result))
                .contains(Result.PROMOTED);
        assertThat(result(told(sums(1.5), SOON, answers(2, 300)), SOON))
                .contains(Result.PROMOTED); // nobody asked for a guard
    }

    @Test
    void silentServersOnlyRollBack() {
        Experiment guarded = guarded("vector-age=60", "empty=0.5");

        for (AnswerHistory little : List.of(UNTOLD, answers(1, 30))) { // the age is known, the empty are not
            assertThat(Decision.next(guarded, told(sums(1.5), SOON, little), SOON))
                    .isEmpty();
            assertThat(Decision.next(guarded, told(sums(1), DUE, little), DUE)).isEmpty();
            assertThat(Decision.next(guarded, told(sums(0.5), SOON, little), SOON)
                            .flatMap(Experiment::end)
                            .map(Experiment.End::result))
                    .contains(Result.ROLLED_BACK);
        }
        assertThat(Decision.next(guarded, told(sums(1), DUE, answers(2, 30)), DUE))
                .contains(guarded.ramped(DUE.toEpochMilli()));
    }

    /** 79 of 100 users of one arm are shown its generation, or 80. */
    @Test
    void tooFewAssignedExposuresOnlyAllowARollBack() {
        for (Arm leaky : Arm.values()) {
            for (double factor : new double[] {1, 1.5}) {
                Decision.Facts facts = facts(shown(sums(factor), leaky, 79), DUE);
                assertThat(Decision.next(experiment, facts, DUE)).isEmpty();
            }
            assertThat(result(facts(shown(sums(0.5), leaky, 79), DUE), DUE)).contains(Result.ROLLED_BACK);
            assertThat(result(facts(shown(sums(1.5), leaky, 80), DUE), DUE)).contains(Result.PROMOTED);
            assertThat(result(facts(shown(sums(0.5), leaky, 80), DUE), DUE)).contains(Result.ROLLED_BACK);
            Decision.Learner collapsed = new Decision.Learner(DUE, "embedding-collapse");
            assertThat(result(facts(shown(sums(1.5), leaky, 79), DUE, collapsed), DUE))
                    .contains(Result.ROLLED_BACK);
        }
    }

    @Test
    void fewUsersDoNotSayWhatTheOthersWereShown() {
        ExperimentSums sums = sums(1.5);
        for (int at = 0; at < 99; at++) {
            sums.show(Arm.TREATMENT, 0, new UserCounts(1), false);
        }

        assertThat(result(facts(sums, DUE), DUE)).contains(Result.PROMOTED);
    }

    @Test
    void usersInOtherArmsOnlyAllowARollBack() {
        for (int missing : new int[] {300, -300}) { // of a thousand, in the treatment
            assertThat(Decision.next(experiment, facts(sums(1.5, 1_000 - missing), DUE), DUE))
                    .isEmpty();
            assertThat(Decision.next(experiment, facts(sums(1, 1_000 - missing), DUE), DUE))
                    .isEmpty();
            assertThat(result(facts(sums(0.5, 1_000 - missing), DUE), DUE)).contains(Result.ROLLED_BACK);
        }
        assertThat(Decision.blocked(sums(1, 700), experiment.plan()).orElseThrow())
                .startsWith("the treatment has 700 new users, and by its share 850");
    }

    @Test
    void missingExposuresStopAPromotionAndMoreDoNot() {
        ExperimentSums fewer = sums(1.5, 1_000);
        ExperimentSums more = sums(1.5, 1_000);
        for (int user = 0; user < 200; user++) {
            UserCounts known = new UserCounts(1);
            known.join(Arm.CONTROL, 0); // no new user, so that the users are as they should be
            for (int at = 0; at < 40; at++) {
                fewer.expose(Arm.CONTROL, 0, known);
                more.expose(Arm.TREATMENT, 0, known);
            }
        }

        assertThat(Decision.blocked(fewer, experiment.plan()).orElseThrow())
                .startsWith("the treatment has 10.00 exposures a user in stage 1, the control 14.00");
        assertThat(Decision.blocked(more, experiment.plan())).isEmpty();
    }

    private static ExperimentSums shown(ExperimentSums sums, Arm leaky, int asAssigned) {
        for (int at = 0; at < 100; at++) {
            sums.show(Arm.CONTROL, 0, new UserCounts(1), leaky != Arm.CONTROL || at < asAssigned);
            sums.show(Arm.TREATMENT, 0, new UserCounts(1), leaky != Arm.TREATMENT || at < asAssigned);
        }
        return sums;
    }

    private static Experiment guarded(String... bounds) {
        return Crowd.experiment(1, Crowd.plan(0.1, 50.0, 75.0).guardedBy(Guard.bounds(List.of(bounds))));
    }

    private static Decision.Facts told(ExperimentSums sums, Instant now, AnswerHistory answers) {
        return new Decision.Facts(
                sums, Optional.of(now), Optional.of(new Decision.Learner(now, "")), Optional.of(now), answers);
    }

    private static AnswerHistory answers(int windows, long millis) {
        ArmAnswers answers = new ArmAnswers();
        for (int at = 0; at < 1_000; at++) {
            answers.add(List.of("a"), false, millis * 1_000_000, 10, 1_000);
        }
        AnswerWindow window = new AnswerWindow(0, 1, answers, answers);
        return new AnswerHistory(window, Collections.nCopies(windows, window));
    }

    @Test
    void learnerThatIsSilentWithAllOthersIsNotStale() {
        Instant old = SOON.minus(Duration.ofMinutes(11));
        Optional<Decision.Learner> silent = Optional.of(new Decision.Learner(old, ""));

        for (Optional<Instant> others : List.of(Optional.<Instant>empty(), Optional.of(old))) {
            Decision.Facts facts = new Decision.Facts(sums(1), Optional.of(SOON), silent, others, UNTOLD);
            assertThat(Decision.next(experiment, facts, SOON)).isEmpty();
        }
    }

    @Test
    void endedExperimentStaysAsItIs() {
        Experiment ended = experiment.ended(Result.STOPPED, 2, "enough");

        assertThat(Decision.next(ended, facts(sums(0.5), SOON), SOON)).isEmpty();
    }

    private Optional<Result> result(Decision.Facts facts, Instant now) {
        return Decision.next(experiment, facts, now).flatMap(Experiment::end).map(Experiment.End::result);
    }

    private static Decision.Facts facts(ExperimentSums sums, Instant now) {
        return facts(sums, now, new Decision.Learner(now, ""));
    }

    private static Decision.Facts facts(ExperimentSums sums, Instant now, Decision.Learner learner) {
        return new Decision.Facts(sums, Optional.of(now), Optional.of(learner), Optional.of(now), UNTOLD);
    }

    /** 1,000 users an arm who see ten items each, of which those of the control click two. */
    private ExperimentSums sums(double factor) {
        return sums(factor, 1_000);
    }

    private ExperimentSums sums(double factor, int treated) {
        ExperimentSums sums = new ExperimentSums();
        for (Arm arm : Arm.values()) {
            for (int user = 0; user < (arm == Arm.TREATMENT ? treated : 1_000); user++) {
                UserCounts counts = new UserCounts(1);
                for (int at = 0; at < 10; at++) {
                    sums.expose(arm, 0, counts);
                }
                for (int at = 0; at < 2 * (arm == Arm.TREATMENT ? factor : 1); at++) {
                    sums.act(arm, 0, counts, "click", true);
                }
            }
        }
        return sums;
    }
}
