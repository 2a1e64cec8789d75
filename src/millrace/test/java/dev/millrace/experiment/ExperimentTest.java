package dev.millrace.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.experiment.Experiment.Per;
import dev.millrace.experiment.Experiment.Result;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExperimentTest {

    private final Experiment started = Crowd.experiment(1, Crowd.plan(0.02, 1.0, 10.0, 50.0));

    @Test
    void rampMovesNobodyBackAndGivesTheTreatmentItsShare() {
        Experiment second = started.ramped(2);
        Experiment third = second.ramped(3);

        int[] treated = new int[3];
        for (String user : IntStream.range(0, 100_000).mapToObj(at -> "u" + at).toList()) {
            boolean first = started.arm(user) == Arm.TREATMENT;
            boolean then = second.arm(user) == Arm.TREATMENT;
            boolean last = third.arm(user) == Arm.TREATMENT;
            assertThat((!first || then) && (!then || last)).isTrue();
            treated[0] += first ? 1 : 0;
            treated[1] += then ? 1 : 0;
            treated[2] += last ? 1 : 0;
        }

        // binomial, four standard deviations: 1,000 ± 126, 10,000 ± 379, 50,000 ± 632
        assertThat(treated[0]).isBetween(874, 1_126);
        assertThat(treated[1]).isBetween(9_621, 10_379);
        assertThat(treated[2]).isBetween(49_368, 50_632);
    }

    @Test
    void anotherSaltDealsUsersIndependently() {
        Experiment half = Crowd.experiment(1, Crowd.plan(0.02, 50.0));
        Experiment other = Crowd.experiment(2, Crowd.plan(0.02, 50.0));

        long same = IntStream.range(0, 10_000)
                .mapToObj(at -> "u" + at)
                .filter(user -> half.arm(user) == other.arm(user))
                .count();

        assertThat(same).isBetween(4_800L, 5_200L); // 5,000 ± four standard deviations of 50
    }

    @Test
    void textsTellAllOfIt() {
        Experiment ended = started.ramped(2).ended(Result.ROLLED_BACK, 3, "uplift -1 = bad");

        Experiment.Plan plan = started.plan()
                .guardedBy(Guard.bounds(List.of("p99=1.5x", "catalogue=0.01")))
                .per(Per.USER);
        Experiment guarded = Experiment.started("trial", "g1", "g2", "salt", plan, 1);

        assertThat(Experiment.of(started.texts())).isEqualTo(started);
        assertThat(Experiment.ofLines(guarded.lines())).isEqualTo(guarded);
        assertThat(guarded.plan().per()).isEqualTo(Per.USER);
        assertThat(guarded.plan().guards()).hasSize(2);
        assertThat(guarded.plan().guardedBy(new TreeMap<>()))
                .isEqualTo(started.plan().per(Per.USER));
        assertThat(Experiment.ofLines(ended.lines())).isEqualTo(ended);
    }

    @Test
    void unreadableTextsAreRefusedWithWhatTheyLack() {
        Map<String, String> without = new TreeMap<>(started.texts());
        without.remove("salt");
        Map<String, String> falling = new TreeMap<>(started.texts());
        falling.put("ramp", "10,1");
        Map<String, String> noNumber = new TreeMap<>(started.texts());
        noNumber.put("stages", "1.0@then");

        assertThatThrownBy(() -> Experiment.of(without)).hasMessageContaining("no salt");
        assertThatThrownBy(() -> Experiment.of(falling)).hasMessageContaining("must increase");
        assertThatThrownBy(() -> Experiment.of(noNumber)).hasMessageContaining("then");
        assertThatThrownBy(() -> Experiment.ofLines("nothing")).hasMessageContaining("line = nothing");
        assertThatThrownBy(() -> started.ended(Result.STOPPED, 2, "enough\nend=promoted@2"))
                .hasMessageContaining("must be one line"); // or it would be read as an end of its own
    }

    @Test
    void onlyOneStepMoreFollowsAState() {
        Experiment second = started.ramped(2);
        Experiment stopped = started.ended(Result.STOPPED, 3, "enough");

        assertThat(second.follows(started)).isTrue();
        assertThat(stopped.follows(started)).isTrue();
        assertThat(started.follows(started)).isFalse();
        assertThat(second.ramped(4).follows(started)).isFalse(); // two steps
        assertThat(started.ramped(5).follows(second)).isFalse(); // the same step, ordered later
        assertThat(started.ramped(5).ramped(6).follows(second)).isFalse(); // and what follows that
        assertThat(second.follows(stopped)).isFalse();
        assertThat(second.ended(Result.STOPPED, 3, "enough").follows(started)).isFalse(); // a stage was missed
    }

    @Test
    void referenceNamesOneStateAlone() {
        ExperimentReference reference = ExperimentReference.to(started, 7);

        assertThat(ExperimentReference.ofText(reference.text())).isEqualTo(reference);
        assertThat(reference.names(started)).isTrue();
        assertThat(reference.names(started.ramped(2))).isFalse();
        for (String text : List.of("", "7", "7 " + "a".repeat(63), "-7 " + "a".repeat(64), "7 " + "G".repeat(64))) {
            assertThatThrownBy(() -> ExperimentReference.ofText(text)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
