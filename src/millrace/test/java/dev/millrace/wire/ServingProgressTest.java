package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.experiment.Arm;
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
    void sumsAreOfServersHeardLately() {
        List<ServingProgress> told = List.of(
                told("s1", "treatment", 100, "trial", "salt", 1),
                told("s2", "treatment", 120, "trial", "salt", 2),
                told("s3", "treatment", 99, "trial", "salt", 4), // before
                told("s1", "control", 100, "trial", "salt", 8),
                told("s4", "treatment", 100, "trial", "another", 16),
                told("s5", "treatment", 100, "another", "salt", 32));

        ArmAnswers treatment = ServingProgress.sum(experiment, Arm.TREATMENT, told, Instant.ofEpochMilli(100));
        ArmAnswers control = ServingProgress.sum(experiment, Arm.CONTROL, told, Instant.ofEpochMilli(100));

        assertThat(treatment.answers()).isEqualTo(3);
        assertThat(control.answers()).isEqualTo(8);
        assertThat(ServingProgress.sum(experiment, Arm.CONTROL, told, Instant.ofEpochMilli(101))
                        .answers())
                .isZero();
    }

    private static ServingProgress told(String server, String arm, long at, String name, String salt, int answers) {
        ArmAnswers of = new ArmAnswers();
        for (int number = 0; number < answers; number++) {
            of.add(List.of("a"), false, 1, 1, 1);
        }
        return new ServingProgress(server, arm, at, name, salt, of);
    }
}
