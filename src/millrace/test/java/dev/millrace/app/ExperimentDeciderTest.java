package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.Symptom;
import dev.millrace.exam.ExamTotals;
import dev.millrace.experiment.AnswerHistory;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Decision;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.experiment.UserCounts;
import dev.millrace.model.RowCounts;
import dev.millrace.state.Books;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.PartProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ExperimentDeciderTest {

    private final Experiment experiment = Experiment.started(
            "trial",
            "g1",
            "g2",
            "salt",
            new Experiment.Plan("click", 0.02, 0.05, List.of(10.0, 50.0), Duration.ofHours(1), Duration.ofMinutes(10)),
            1);

    private final AlarmTrail trail = new AlarmTrail();

    @Test
    void sumsAreAsFreshAsTheStalestPartition() {
        Decision.Facts facts = facts(counting("0_0", 30, experiment), counting("0_1", 20, experiment), items(5));

        assertThat(facts.sums().exposures(Arm.CONTROL, 0)).isEqualTo(2);
        assertThat(facts.countedAt()).contains(Instant.ofEpochMilli(20));
    }

    @Test
    void countsNeedEveryPartitionInTheStage() {
        Experiment ramped = experiment.ramped(2);

        Decision.Facts facts = ExperimentDecider.facts(
                ramped,
                List.of(counting("0_0", 30, ramped), counting("0_1", 20, experiment)),
                trail,
                AnswerHistory.NONE);

        assertThat(facts.countedAt()).isEmpty();
        assertThat(facts(counting("0_0", 30, experiment), part("attribute-0_1", 20, "exposures", Optional.empty()))
                        .countedAt())
                .isEmpty();
        assertThat(facts().countedAt()).isEmpty();
    }

    @Test
    void goalByUserIsCountedByThePartitionsThatReadClicks() {
        Experiment byUser = Experiment.started(
                "trial", "g1", "g2", "salt", experiment.plan().per(Experiment.Per.USER), 1);
        Optional<PartProgress.Counted> none = Optional.of(new PartProgress.Counted(byUser, new ExperimentSums()));

        Decision.Facts facts = ExperimentDecider.facts(
                byUser,
                List.of(
                        part("attribute-0_0", 30, "clicks", none),
                        part("attribute-0_1", 20, "exposures", Optional.empty())),
                trail,
                AnswerHistory.NONE);

        assertThat(facts.countedAt()).contains(Instant.ofEpochMilli(30));
    }

    @Test
    void othersAreTheLearnersButThatOfTheTreatment() {
        Decision.Facts facts = facts(
                counting("0_0", 30, experiment),
                learner("learn-0", 7, "g1", 1, Optional.empty()),
                learner("learn-from-log-0 c", 8, "g3", 1, Optional.empty()),
                learner("learn-from-log-0 b", 9, "g2", 1, Optional.empty()));

        assertThat(facts.othersHeardAt()).contains(Instant.ofEpochMilli(8));
    }

    @Test
    void alarmsAreThoseThatTheControlDoesNotHave() {
        Decision.Facts facts = facts(
                learner("learn-0", 9, "g1", 1, Optional.empty(), Symptom.GRADIENT_NORM),
                learner(
                        "learn-from-log-0 b",
                        8,
                        "g2",
                        1,
                        Optional.of("3 refused steps"),
                        Symptom.GRADIENT_NORM,
                        Symptom.EMBEDDING_COLLAPSE));

        assertThat(facts.learner())
                .contains(new Decision.Learner(
                        Instant.ofEpochMilli(8),
                        "alarm embedding-collapse, its vectors are withheld: 3 refused steps"));
        assertThat(facts.othersHeardAt()).contains(Instant.ofEpochMilli(9));
    }

    /** Both have the alarm at step 10; the control tells that it is over, the treatment only afterwards. */
    @Test
    void alarmsAreComparedAtEqualSteps() {
        Symptom alarm = Symptom.GRADIENT_NORM;
        PartProgress treatment = learner("learn-from-log-0 b", 8, "g2", 10, Optional.empty(), alarm);

        facts(learner("learn-0", 9, "g1", 10, Optional.empty(), alarm), treatment);
        Decision.Facts over = facts(learner("learn-0", 10, "g1", 11, Optional.empty()), treatment);
        assertThat(over.learner().orElseThrow().alarms()).isEmpty();

        PartProgress ahead = learner("learn-from-log-0 b", 11, "g2", 20, Optional.empty(), alarm);
        assertThat(facts(learner("learn-0", 11, "g1", 19, Optional.empty()), ahead)
                        .learner()
                        .orElseThrow()
                        .alarms())
                .isEmpty(); // the control may have it at step 20, too
        assertThat(facts(learner("learn-0", 12, "g1", 21, Optional.empty()), ahead)
                        .learner()
                        .orElseThrow()
                        .alarms())
                .isEqualTo("alarm gradient-norm");
    }

    private Decision.Facts facts(PartProgress... parts) {
        trail.take(List.of(parts));
        return ExperimentDecider.facts(experiment, List.of(parts), trail, AnswerHistory.NONE);
    }

    /** A partition whose one user of the control has seen one item. */
    private static PartProgress counting(String task, long at, Experiment state) {
        ExperimentSums sums = new ExperimentSums();
        sums.expose(Arm.CONTROL, 0, new UserCounts(1));
        return part("attribute-" + task, at, "exposures", Optional.of(new PartProgress.Counted(state, sums)));
    }

    private static PartProgress items(long at) {
        return part("attribute-1_0", at, "items", Optional.empty());
    }

    private static PartProgress part(String part, long at, String topic, Optional<PartProgress.Counted> counted) {
        TreeMap<String, Books.Account> books = new TreeMap<>();
        books.put(topic, new Books.Account(1, 1, new TreeMap<>()));
        return new PartProgress(part, at, books, new TreeMap<>(), Optional.empty(), counted);
    }

    private static PartProgress learner(
            String part, long at, String generation, long step, Optional<String> withheld, Symptom... active) {
        TrainingProgress training = new TrainingProgress(
                generation,
                step,
                1,
                0,
                1,
                1,
                1,
                1,
                "",
                List.of(),
                RowCounts.NONE,
                0,
                ExamTotals.NONE,
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(),
                withheld,
                Symptom.OF_MODEL.stream() // that is over, or never was
                        .map(kind -> new Alarm(kind, 1, 0, List.of(active).contains(kind) ? 1 : 0))
                        .toList());
        return new PartProgress(part, at, new TreeMap<>(), new TreeMap<>(), Optional.of(training));
    }
}
