package dev.millrace.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExperimentSumsTest {

    private final Experiment experiment = Crowd.experiment(1, Crowd.plan(0.02, 1.0, 10.0, 50.0));
    private final ExperimentSums sums = new ExperimentSums();

    @Test
    void productsOfResidualsAreThoseOfAllUsersAddedUp() {
        Random random = new Random(1);
        List<UserCounts> users = new ArrayList<>();
        for (int user = 0; user < 400; user++) {
            users.add(new UserCounts(1));
        }
        for (int event = 0; event < 4_000; event++) {
            UserCounts user = users.get(random.nextInt(users.size()));
            int stage = random.nextInt(2); // late exposures of the first stage come amid those of the second
            assertThat(sums.expose(Arm.CONTROL, stage, user)).isTrue();
            if (random.nextInt(3) == 0) {
                sums.act(Arm.CONTROL, stage, user, "click", true);
            }
        }

        for (int k = 0; k < 2; k++) {
            for (int l = 0; l < 2; l++) {
                double expected = 0;
                for (UserCounts user : users) {
                    expected +=
                            (user.actions(k) - 0.3 * user.exposures(k)) * (user.actions(l) - 0.4 * user.exposures(l));
                }
                assertThat(sums.residualProducts(Arm.CONTROL, k, l, 0.3, 0.4)).isCloseTo(expected, within(1e-6));
            }
        }
        assertThat(sums.users(Arm.CONTROL, 0)).isEqualTo(400);
    }

    @Test
    void exposuresBeyondAUsersShareCountForNothing() {
        UserCounts busy = new UserCounts(1);

        for (int at = 0; at < UserCounts.MOST_COUNTED; at++) {
            assertThat(sums.expose(Arm.TREATMENT, 0, busy)).isTrue();
        }

        assertThat(sums.expose(Arm.TREATMENT, 0, busy)).isFalse();
        assertThat(sums.exposures(Arm.TREATMENT, 0)).isEqualTo(UserCounts.MOST_COUNTED);
        assertThat(sums.expose(Arm.TREATMENT, 1, busy)).isTrue(); // each stage has its own
    }

    @Test
    void goalsBeyondAUsersShareCountAsActionsAlone() {
        UserCounts busy = new UserCounts(1);

        for (int at = 0; at < UserCounts.MOST_COUNTED + 5; at++) {
            sums.act(Arm.TREATMENT, 0, busy, "click", true);
        }

        assertThat(sums.goals(Arm.TREATMENT, 0)).isEqualTo(UserCounts.MOST_COUNTED);
        assertThat(sums.byName()).containsEntry("treatment/action/0/click", UserCounts.MOST_COUNTED + 5L);
    }

    @Test
    void otherActionsAreCountedByNameAlone() {
        UserCounts user = new UserCounts(1);
        sums.expose(Arm.TREATMENT, 0, user);

        sums.act(Arm.TREATMENT, 0, user, "like", false);

        assertThat(sums.byName()).containsEntry("treatment/action/0/like", 1L);
        assertThat(sums.goals(Arm.TREATMENT, 0)).isZero();
    }

    @Test
    void tableHasARowForEachArmOfEachStage() {
        UserCounts user = new UserCounts(1);
        sums.expose(Arm.TREATMENT, 1, user);
        sums.show(Arm.TREATMENT, 1, user, true);
        sums.expose(Arm.TREATMENT, 1, user);
        sums.act(Arm.TREATMENT, 1, user, "click", true);

        List<Map<String, Object>> table = sums.table(experiment.ramped(2));

        assertThat(table).hasSize(4);
        assertThat(table.get(3).toString())
                .isEqualTo("{stage=2, percent=10.0, arm=treatment, generation=" + experiment.treatment()
                        + ", users=1, exposures=2, goals=1, asAssigned=1.0, rate=0.5}");
    }

    @Test
    void namesTellAllSumsAndPartitionsAddUp() {
        Crowd crowd = new Crowd(100, experiment, 1);
        for (int visit = 0; visit < 2_000; visit++) {
            crowd.visit(1);
            if (visit == 1_000) {
                crowd.ramp();
            }
        }

        ExperimentSums again = new ExperimentSums(crowd.sums.byName());

        assertThat(again.byName()).isEqualTo(crowd.sums.byName()).isNotEmpty();
        assertThat(again.plus(again).exposures(Arm.CONTROL, 0)).isEqualTo(2 * again.exposures(Arm.CONTROL, 0));
    }
}
