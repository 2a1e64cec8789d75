package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.experiment.AnswerHistory;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServingProgressTest {

    private final Experiment experiment = Experiment.started(
            "trial",
            "g1",
            "g2",
            "salt",
            new Experiment.Plan("click", 0.02, 0.05, List.of(10.0), Duration.ofHours(1), Duration.ofMinutes(10)),
            1);

    @Test
    void latestIsTheNewestWindowOfEachServer() {
        AnswerHistory told = history(
                100,
                told("s1", "treatment", 7, 90, 1),
                told("s1", "treatment", 8, 100, 2),
                told("s1", "control", 8, 100, 4),
                told("s2", "treatment", 3, 110, 8));

        assertThat(told.latest().treatment().answers()).isEqualTo(10);
        assertThat(told.latest().control().answers()).isEqualTo(4);
    }

    @Test
    void oldWindowsCountWhileTheirServerIsHeard() {
        ServingProgress[] windows = {
            told("s1", "treatment", 1, 20_000, 1_000),
            told("s1", "control", 1, 20_000, 1_000),
            told("s1", "treatment", 2, 90_000, 1)
        };

        assertThat(history(90_000, windows).windows()).hasSize(1);
        assertThat(history(90_001, windows).windows()).isEmpty();
        assertThat(history(90_001, windows).latest().treatment().answers()).isZero();
    }

    /** Those of one window have one number. */
    @Test
    void armsOfDifferentWindowsAreNotCompared() {
        assertThat(history(0, told("s1", "treatment", 1, 20_000, 1_000), told("s1", "control", 2, 20_000, 1_000))
                        .windows())
                .isEmpty();
        assertThat(history(0, told("s1", "treatment", 1, 20_000, 1_000), told("s2", "control", 1, 20_000, 1_000))
                        .windows())
                .isEmpty();
    }

    @Test
    void otherExperimentsAreLeftOut() {
        ServingProgress other = new ServingProgress("s1", "control", 1, 0, 100, "another", "salt", answers(1));
        ServingProgress earlier = new ServingProgress("s1", "control", 1, 0, 100, "trial", "another", answers(1));

        assertThat(history(0, other, earlier).latest().control().answers()).isZero();
    }

    @Test
    void keysComeAgainAfterFifteenWindows() {
        assertThat(told("s1", "control", 17, 1, 1).key())
                .isEqualTo("s1\0control\0002")
                .isEqualTo(told("s1", "control", 2, 1, 1).key());
    }

    private AnswerHistory history(long since, ServingProgress... told) {
        return ServingProgress.history(experiment, List.of(told), Instant.ofEpochMilli(since));
    }

    private static ServingProgress told(String server, String arm, long window, long at, int answers) {
        return new ServingProgress(server, arm, window, 0, at, "trial", "salt", answers(answers));
    }

    private static ArmAnswers answers(int count) {
        return new ArmAnswers(count, 0, 0, 1, 1, List.of((long) count), new byte[0]);
    }
}
