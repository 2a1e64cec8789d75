package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Features;
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

    private final ServedAnswers answers = new ServedAnswers();
    private final Experiment experiment = experiment("salt");
    private int asked;

    @Test
    void answersOfAnArmAreThoseOfItsOwnGenerationThatNoRequestChose() {
        answers.follow(Optional.of(experiment));

        answer(Arm.TREATMENT, "g2", 1);
        answer(Arm.TREATMENT, "g1", 1); // the treatment is not complete here
        answer(Arm.CONTROL, "g1", 1);
        answers.answered(question("u"), found("g2", Optional.empty(), 1), 1, 5, NOW);
        answers.answered(
                question("u"), found("g2", Optional.of(new Answer.Assigned("another", Arm.TREATMENT)), 1), 1, 5, NOW);

        assertThat(latest(Arm.TREATMENT)).isEqualTo(1);
        assertThat(latest(Arm.CONTROL)).isEqualTo(1);
        ArmAnswers treatment = answers.latest().getOrDefault(Arm.TREATMENT, new ArmAnswers());
        assertThat(treatment.vectorAge()).isEqualTo(NOW - 4_000);
        assertThat(treatment.catalogue()).isEqualTo(5);
    }

    @Test
    void nothingIsCountedWhileNoExperimentRuns() {
        answer(Arm.CONTROL, "g1", 1);
        assertThat(answers.latest()).isEmpty();
        answers.follow(Optional.of(experiment));
        answer(Arm.CONTROL, "g1", 1);

        answers.follow(Optional.empty());

        answer(Arm.CONTROL, "g1", 1);
        assertThat(answers.latest()).isEmpty();
    }

    @Test
    void nextStageGoesOnAndAnotherExperimentOfTheNameBeginsAnew() {
        answers.follow(Optional.of(experiment));
        answer(Arm.CONTROL, "g1", 1);

        answers.follow(Optional.of(experiment.ramped(2)));
        assertThat(latest(Arm.CONTROL)).isEqualTo(1);
        answers.follow(Optional.of(experiment("another salt")));
        assertThat(answers.latest()).isEmpty();
    }

    /** The first 1,500 answers are empty, the next are not: after 1,000 of these none of the empty ones is left but those of their window. */
    @Test
    void latestAnswersAreAThousandAtLeastAndFewerThanTwoThousand() {
        answers.follow(Optional.of(experiment));
        for (int at = 0; at < 1_500; at++) {
            answer(Arm.TREATMENT, "g2", 0);
        }
        assertThat(latest(Arm.TREATMENT)).isEqualTo(1_500);
        for (int at = 0; at < 1_500; at++) {
            answer(Arm.TREATMENT, "g2", 1);
            assertThat(latest(Arm.TREATMENT)).isBetween(1_000L, 1_999L);
        }

        ArmAnswers told = answers.latest().getOrDefault(Arm.TREATMENT, new ArmAnswers());
        assertThat(told.answers()).isEqualTo(1_000); // 3,000 are three windows: the last one, and none of the fourth
        assertThat(told.empty()).isZero();
    }

    @Test
    void oneUserIsNotWhatTheArmsAnswersAreLike() {
        answers.follow(Optional.of(experiment));
        for (int at = 0; at < 2_000; at++) {
            answer(question("client"), Arm.TREATMENT, "g2", 0);
            if (at % 2 == 0) {
                answer(Arm.TREATMENT, "g2", 1);
            }
        }

        ArmAnswers told = answers.latest().getOrDefault(Arm.TREATMENT, new ArmAnswers());
        assertThat(told.answers()).isEqualTo(1_006); // three in the window that is full, and three in the next
        assertThat(told.empty()).isEqualTo(6);
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

        answer(filtered, Arm.TREATMENT, "g2", 0);

        assertThat(answers.latest()).isEmpty();
    }

    @Test
    void whatWasGivenDoesNotChange() {
        answers.follow(Optional.of(experiment.ended(Result.STOPPED, 2, "no matter")));
        answer(Arm.CONTROL, "g1", 1);
        ArmAnswers given = answers.latest().getOrDefault(Arm.CONTROL, new ArmAnswers());

        answer(Arm.CONTROL, "g1", 1);

        assertThat(given.answers()).isEqualTo(1);
    }

    private long latest(Arm arm) {
        return answers.latest().getOrDefault(arm, new ArmAnswers()).answers();
    }

    private void answer(Arm arm, String generation, int items) {
        answer(question("u" + asked++), arm, generation, items);
    }

    private void answer(RecallRequest question, Arm arm, String generation, int items) {
        answers.answered(question, found(generation, Optional.of(new Answer.Assigned("trial", arm)), items), 1, 5, NOW);
    }

    private static RecallRequest question(String user) {
        return RecallRequest.unseen(user, 10);
    }

    private static Answer.Found found(String generation, Optional<Answer.Assigned> assigned, int items) {
        List<ScoredItem> all = List.of(new ScoredItem("a", 1));
        return new Answer.Found(
                all.subList(0, items), new float[] {1}, generation, 3, 4_000, false, List.of(), assigned);
    }

    private static Experiment experiment(String salt) {
        Experiment.Plan plan = new Experiment.Plan(
                "click", 0.02, 0.05, List.of(1.0, 50.0), Duration.ofHours(1), Duration.ofMinutes(9));
        return Experiment.started("trial", "g1", "g2", salt, plan, 1);
    }
}
