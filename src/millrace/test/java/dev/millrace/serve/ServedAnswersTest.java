package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Features;
import dev.millrace.experiment.AnswerWindow;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.index.Arrangement;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.Answer;
import dev.millrace.recall.RecallRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ServedAnswersTest {

    private static final long NOW = 10_000;
    private static final long MILLI = 1_000_000; // nanoseconds

    private final ServedAnswers answers = new ServedAnswers();
    private final Experiment experiment = experiment("salt");
    private int asked;

    @Test
    void answersToNamedGenerationsCountForNoArm() {
        answers.follow(Optional.of(experiment));

        answer(Arm.TREATMENT, "g2", 1);
        answer(Arm.TREATMENT, "g1", 1); // the treatment is not complete here
        answer(Arm.CONTROL, "g1", 1);
        answers.answered(question("u"), found("g2", Optional.empty(), 1), 1, 5, NOW);
        answers.answered(
                question("u"), found("g2", Optional.of(new Answer.Assigned("another", Arm.TREATMENT)), 1), 1, 5, NOW);

        assertThat(latest(Arm.TREATMENT)).isEqualTo(1);
        assertThat(latest(Arm.CONTROL)).isEqualTo(1);
        ArmAnswers treatment = answers.take(NOW).treatment();
        assertThat(treatment.vectorAge()).isEqualTo(NOW - 4_000);
        assertThat(treatment.catalogue()).isEqualTo(5);
    }

    @Test
    void nothingIsCountedWhileNoExperimentRuns() {
        answer(Arm.CONTROL, "g1", 1);
        assertThat(latest(Arm.CONTROL)).isZero();
        answers.follow(Optional.of(experiment));
        answer(Arm.CONTROL, "g1", 1);

        answers.follow(Optional.empty());

        answer(Arm.CONTROL, "g1", 1);
        assertThat(latest(Arm.CONTROL)).isZero();
    }

    @Test
    void stagesGoOnAndExperimentsBeginAnew() {
        answers.follow(Optional.of(experiment));
        answer(Arm.CONTROL, "g1", 1);

        answers.follow(Optional.of(experiment.ramped(2)));
        assertThat(latest(Arm.CONTROL)).isEqualTo(1);
        answers.follow(Optional.of(experiment("another salt")));
        assertThat(latest(Arm.CONTROL)).isZero();
    }

    @Test
    void fullWindowEndsWhereTheNextBegins() {
        answers.follow(Optional.of(experiment));
        answerBoth(299);
        assertThat(answers.take(NOW + 60_000).isFull()).isFalse();
        answerBoth(1);
        assertThat(answers.take(NOW + 9_999).isFull()).isFalse();

        AnswerWindow full = answers.take(NOW + 10_000);

        assertThat(full.isFull()).isTrue();
        assertThat(full.from()).isEqualTo(NOW);
        assertThat(full.treatment().answers()).isEqualTo(300);
        assertThat(latest(Arm.TREATMENT)).isZero();
        assertThat(latest(Arm.CONTROL)).isZero();
    }

    /** 3 of 300 are slow: 297 answers, 99 % of them, are not. */
    @Test
    void clientThatAsksALotBreaksNothing() {
        answers.follow(Optional.of(experiment));
        for (int at = 0; at < 297; at++) {
            answer(question("client"), Arm.TREATMENT, "g2", 0, 9_000 * MILLI);
            answerBoth(1);
        }

        AnswerWindow full = answers.take(NOW + 10_000);

        assertThat(full.treatment().answers()).isEqualTo(300);
        assertThat(full.treatment().empty()).isEqualTo(3);
        assertThat(full.treatment().p99()).isLessThan(2);
    }

    /** The other arm may be 100 ahead of twice as many, so that both are of the same time. */
    @Test
    void armOfMoreUsersWaitsForTheOther() {
        answers.follow(Optional.of(experiment));
        answer(Arm.CONTROL, "g1", 1, 150);
        assertThat(latest(Arm.CONTROL)).isEqualTo(100);

        answer(Arm.TREATMENT, "g2", 1, 10);
        answer(Arm.CONTROL, "g1", 1, 150);

        assertThat(latest(Arm.CONTROL)).isEqualTo(120);
    }

    @Test
    void whatIsKeptIsBoundedWhateverIsAsked() {
        answers.follow(Optional.of(experiment));
        for (int at = 0; at < 2 * ServedAnswers.MOST_ANSWERS; at++) { // while nobody takes any
            answerBoth(1);
        }

        assertThat(latest(Arm.CONTROL)).isEqualTo(ServedAnswers.MOST_ANSWERS);
        assertThat(latest(Arm.TREATMENT)).isEqualTo(ServedAnswers.MOST_ANSWERS);
    }

    @Test
    void questionsWithAFilterAreApart() {
        answers.follow(Optional.of(experiment));
        RecallRequest filtered = new RecallRequest(
                "u",
                10,
                true,
                Set.of(),
                new ItemFilter(List.of(new ItemFilter.AnyOf("category", Set.of("none")))),
                Features.NONE,
                RecallRequest.Weights.AS_LEARNED,
                Optional.empty(),
                Optional.empty(),
                0,
                Arrangement.NONE);

        answer(filtered, Arm.TREATMENT, "g2", 0, 1);

        assertThat(latest(Arm.TREATMENT)).isZero();
    }

    @Test
    void whatWasGivenDoesNotChange() {
        answers.follow(Optional.of(experiment.ended(Result.STOPPED, 2, "no matter")));
        answer(Arm.CONTROL, "g1", 1);
        ArmAnswers given = answers.take(NOW).control();

        answer(Arm.CONTROL, "g1", 1);

        assertThat(given.answers()).isEqualTo(1);
    }

    private long latest(Arm arm) {
        return answers.take(NOW).of(arm).answers();
    }

    private void answerBoth(int count) {
        for (int at = 0; at < count; at++) {
            answer(Arm.CONTROL, "g1", 1);
            answer(Arm.TREATMENT, "g2", 1);
        }
    }

    private void answer(Arm arm, String generation, int items, int count) {
        for (int at = 0; at < count; at++) {
            answer(arm, generation, items);
        }
    }

    private void answer(Arm arm, String generation, int items) {
        answer(question("u" + asked++), arm, generation, items, MILLI);
    }

    private void answer(RecallRequest question, Arm arm, String generation, int items, long nanos) {
        answers.answered(
                question, found(generation, Optional.of(new Answer.Assigned("trial", arm)), items), nanos, 5, NOW);
    }

    private static RecallRequest question(String user) {
        return RecallRequest.unseen(user, 10);
    }

    private static Answer.Found found(String generation, Optional<Answer.Assigned> assigned, int items) {
        List<ScoredItem> all = List.of(new ScoredItem("a", 1));
        return new Answer.Found(
                all.subList(0, items),
                new float[] {1},
                generation,
                3,
                4_000,
                false,
                List.of(),
                List.of(),
                assigned,
                Optional.empty());
    }

    private static Experiment experiment(String salt) {
        Experiment.Plan plan = new Experiment.Plan(
                "click", 0.02, 0.05, List.of(1.0, 50.0), Duration.ofHours(1), Duration.ofMinutes(9));
        return Experiment.started("trial", "g1", "g2", salt, plan, 1);
    }
}
