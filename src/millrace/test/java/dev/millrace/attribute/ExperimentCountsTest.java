package dev.millrace.attribute;

import static dev.millrace.attribute.AttributionScene.click;
import static dev.millrace.attribute.AttributionScene.exposure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Per;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.experiment.UserCounts;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Outcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExperimentCountsTest {

    private static final long START = 1_700_000_000_000L;
    private static final long HOUR = 3_600_000;

    private final AttributionScene scene = new AttributionScene();
    private final MemoryEntries entries = new MemoryEntries();
    private final Map<String, String> settings = Map.of("attribution.actions", "click, like");
    private final Experiment half = experiment("first", 1, 50.0);
    private final Experiment ramp = experiment("first", 1, 20.0, 60.0);
    private long order;
    private Attribution attribution = scene.attribution(entries, settings);

    @Test
    void nothingCountsOutsideOfAnExperiment() {
        show("before", "ann");
        take(half);
        show("within", "ann");
        take(half.ended(Result.STOPPED, 2, "enough"));
        show("behind", "ann");

        assertThat(exposures()).isEqualTo(1);
        // a state is an event of the topic, so that the books of exposures balance
        assertThat(Books.Account.of(InputTopic.EXPOSURES, attribution.books().accounts())
                        .outcomes())
                .containsEntry("experiment", 2L);
    }

    @Test
    void clicksCountInTheStageOfTheirExposure() {
        take(ramp);
        show("e1", "ann");
        take(ramp.ramped(2));
        show("e2", "ann");
        take(ramp.ramped(2).ended(Result.STOPPED, 3, "enough"));

        attribution.click(click("c1", "ann", "book", "e1", START + 1));

        ExperimentSums sums = attribution.experimentSums();
        assertThat(goals(sums, 0)).isEqualTo(1);
        assertThat(goals(sums, 1)).isZero();
    }

    @Test
    void clicksOfEarlierExperimentsCountNowhere() {
        take(half);
        show("e1", "ann");
        take(experiment("second", 5, 50.0));
        show("e2", "ann");

        attribution.click(click("c1", "ann", "book", "e1", START + 1));

        assertThat(exposures()).isEqualTo(1);
        assertThat(goals(attribution.experimentSums(), 0)).isZero();
    }

    @Test
    void eachExperimentCountsItsUsersFromZero() {
        take(half);
        show("e1", "ann");
        Experiment again = Experiment.started("first", "g1", "g2", "another salt", half.plan(), 5);
        take(again);
        show("e2", "ann");
        String arm = again.arm("ann").label();
        assertThat(attribution.experimentSums().byName())
                .isEqualTo(Map.of(
                        arm + "/0/users", 1L, arm + "/0/newcomers", 1L, arm + "/0/exposures", 1L, arm + "/0-0/xx", 1L));

        attribution = Commit.restarted(attribution, scene.attribution(entries, settings));
        attribution.click(click("c2", "ann", "book", "e2", START + 1));

        assertThat(goals(attribution.experimentSums(), 0)).isEqualTo(1);
    }

    @Test
    void unlearntClicksCountForNothing() {
        take(half);
        for (int at = 0; at < 10; at++) {
            show("e" + at, "ann");
            show("e" + at, "ann");
            attribution.click(click("c" + at, "ann", "book", "e" + at, START + 1));
            attribution.click(click("again" + at, "ann", "book", "e" + at, START + 1));
        }

        // of one item a user's clicks count 3 together: the first two whole (1.5 is half), then 2 (1 − 2 / 3), … until
        // less than .05 would
        long learnt = Books.Account.of(InputTopic.CLICKS, attribution.books().accounts())
                .outcomes()
                .getOrDefault(Outcome.ATTRIBUTED.label(), 0L);
        assertThat(exposures()).isEqualTo(10);
        assertThat(goals(attribution.experimentSums(), 0)).isEqualTo(learnt).isBetween(3L, 9L);
    }

    @Test
    void otherActionsAreCountedBesideTheGoal() {
        take(half);
        show("e", "ann");

        attribution.click(new Click("l", "ann", "book", Optional.of("e"), "like", 1, START + 1, 0, Features.NONE));

        String arm = half.arm("ann").label();
        assertThat(attribution.experimentSums().byName()).containsEntry(arm + "/action/0/like", 1L);
        assertThat(goals(attribution.experimentSums(), 0)).isZero();
    }

    @Test
    void withoutExposuresClicksCountInTheStageBefore() {
        attribution = scene.attribution(entries, Map.of("attribution.mode", "clicks-only"));
        Experiment byUser =
                Experiment.started("first", "g1", "g2", "salt", ramp.plan().per(Per.USER), 1);
        attribution.click(click("before", "ann", "book", START));
        takeOfClicks(byUser);
        attribution.click(click("c1", "ann", "lamp", START + 1));
        attribution.click(click("c1", "ann", "lamp", START + 1));
        attribution =
                Commit.restarted(attribution, scene.attribution(entries, Map.of("attribution.mode", "clicks-only")));
        takeOfClicks(byUser.ramped(2));
        attribution.click(click("c2", "ann", "sofa", START + 2));
        attribution.click(click("c3", "ann", "vase", START + 3));
        takeOfClicks(byUser.ramped(2).ended(Result.STOPPED, 3, "enough"));
        attribution.click(click("behind", "ann", "door", START + 4));

        ExperimentSums sums = attribution.experimentSums();
        assertThat(goals(sums, 0)).isEqualTo(1);
        assertThat(goals(sums, 1)).isEqualTo(2);
        assertThat(exposures()).isZero();
        String arm = byUser.arm("ann").label();
        assertThat(sums.byName()).containsEntry(arm + "/0/users", 1L).containsEntry(arm + "/1-1/yy", 4L);
        assertThat(Books.Account.of(InputTopic.CLICKS, attribution.books().accounts())
                        .outcomes())
                .containsEntry("experiment", 3L);
    }

    @Test
    void goalsAreLearntActionsByExposureOrUser() {
        AttributionSettings joined = AttributionSettings.read(new SettingsReader(settings));
        AttributionSettings clicksOnly =
                AttributionSettings.read(new SettingsReader(Map.of("attribution.mode", "clicks-only")));

        assertThat(joined.goalPer()).isEqualTo(Per.EXPOSURE);
        assertThat(clicksOnly.goalPer()).isEqualTo(Per.USER);
        assertThat(joined.refusesGoal("like")).isEmpty();
        assertThat(joined.refusesGoal("view")).contains("must be one of attribution.actions: click, like");
    }

    @Test
    void goalsByUserCountNoExposures() {
        takeOfClicks(Experiment.started("first", "g1", "g2", "s", half.plan().per(Per.USER), 1));
        show("e", "ann");
        attribution.click(click("c", "ann", "book", "e", START + 1));
        assertThat(attribution.experimentSums().byName()).isEmpty();

        attribution = scene.attribution(new MemoryEntries(), Map.of("attribution.mode", "clicks-only"));
        take(half);
        attribution.click(click("c", "ann", "book", START + 1));
        assertThat(attribution.experimentSums().byName()).isEmpty();
    }

    @Test
    void exposuresSayHowManyWereShownAsAssigned() {
        take(half);
        String own = half.generation(half.arm("ann"));
        String arm = half.arm("ann").label();
        String other = IntStream.range(0, 100)
                .mapToObj(at -> "u" + at)
                .filter(user -> half.arm(user) != half.arm("ann"))
                .findFirst()
                .orElseThrow();
        show("silent", "ann");
        assertThat(attribution.experimentSums().byName().keySet())
                .noneMatch(name -> name.endsWith("/shown") || name.endsWith("/as-assigned")); // no bytes of the state

        show("e1", "ann", own);
        show("e1", "ann", own); // a duplicate
        show("e2", "ann", own);
        attribution = Commit.restarted(attribution, scene.attribution(entries, settings));
        show("e3", "ann", own);
        show("e4", "ann", "g0");
        show("e5", other, "g0");
        show("e6", other, half.generation(half.arm(other)));
        show("e7", other, own);
        take(half.ended(Result.STOPPED, 2, "enough"));
        show("behind", "ann", own);

        assertThat(attribution.experimentSums().byName())
                .containsEntry(arm + "/0/exposures", 5L)
                .containsEntry(arm + "/0/shown", 1L) // by the first exposure that says it
                .containsEntry(arm + "/0/as-assigned", 1L)
                .containsEntry(half.arm(other).label() + "/0/shown", 1L)
                .doesNotContainKey(half.arm(other).label() + "/0/as-assigned");
    }

    @Test
    void statesThatComeAgainChangeNothing() {
        take(ramp.ramped(2));
        show("e", "ann");

        attribution.experiment(InputTopic.EXPOSURES, ramp.ramped(2), order);
        attribution = Commit.restarted(attribution, scene.attribution(entries, settings));
        attribution.experiment(InputTopic.EXPOSURES, ramp, order - 1);
        attribution.experiment(InputTopic.EXPOSURES, experiment("earlier", 5, 50.0), order - 1);

        assertThat(attribution.experiment()).contains(ramp.ramped(2));
        assertThat(exposures()).isEqualTo(1);
    }

    @Test
    void statesAreOrderedByTheirNumbersAndNotByClocks() {
        take(experiment("ahead", Long.MAX_VALUE, 50.0)); // of a machine whose clock is wrong

        take(half);

        assertThat(attribution.experiment()).contains(half);
    }

    @Test
    void sumsSurviveRestartsAndErasures() {
        ExperimentSums expected = new ExperimentSums();
        Map<String, UserCounts> users = new HashMap<>();
        Experiment state = ramp;
        take(state);
        Random random = new Random(1);
        for (int event = 0; event < 3_000; event++) {
            long time = START + event * 1_000L;
            String user = "u" + random.nextInt(60);
            if (event == 1_200) {
                state = state.ramped(2);
                take(state);
            }
            if (event % 700 == 699) {
                attribution = Commit.restarted(attribution, scene.attribution(entries, settings));
            }
            if (event % 400 == 399) {
                attribution.removeUser(user);
                users.remove(user); // who comes again is another user; what was counted stays
            }
            String item = "i" + event;
            attribution.expose(exposure("e" + event, user, item, time));
            Arm arm = state.arm(user);
            UserCounts counts = users.computeIfAbsent(user, name -> new UserCounts(1));
            boolean isCounted = expected.expose(arm, state.stage(), counts);
            if (random.nextInt(4) == 0) {
                attribution.click(click("c" + event, user, item, "e" + event, time + 1));
                if (isCounted) {
                    expected.act(arm, state.stage(), counts, "click", true);
                }
            }
        }

        assertThat(attribution.experimentSums().byName())
                .isEqualTo(expected.byName())
                .isNotEmpty();
    }

    @Test
    void userWhoExpiresLeavesNoCounts() {
        take(half);
        show("e", "ann");

        attribution.advance(START + 400 * 24 * HOUR, START + 400 * 24 * HOUR);
        attribution.advance(START + 402 * 24 * HOUR, START + 402 * 24 * HOUR);
        Commit.of(attribution);

        int[] left = {0};
        entries.scan(new byte[] {'E'}, new byte[] {'F'}, (key, value) -> {
            left[0]++;
            return true;
        });
        assertThat(left[0]).isZero();
        assertThat(exposures()).isEqualTo(1);
    }

    private void take(Experiment state) {
        attribution.experiment(InputTopic.EXPOSURES, state, ++order);
    }

    private void takeOfClicks(Experiment state) {
        attribution.experiment(InputTopic.CLICKS, state, ++order);
    }

    private void show(String id, String user) {
        attribution.expose(exposure(id, user, "book", START));
    }

    private void show(String id, String user, String generation) {
        attribution.expose(
                new Exposure(id, user, "book", START, 0, Features.NONE, Optional.of(generation), Optional.empty()));
    }

    private long exposures() {
        return IntStream.range(0, 2)
                .mapToLong(stage -> attribution.experimentSums().exposures(Arm.CONTROL, stage)
                        + attribution.experimentSums().exposures(Arm.TREATMENT, stage))
                .sum();
    }

    private static long goals(ExperimentSums sums, int stage) {
        return sums.goals(Arm.CONTROL, stage) + sums.goals(Arm.TREATMENT, stage);
    }

    private static Experiment experiment(String name, long at, Double... ramp) {
        Experiment.Plan plan =
                new Experiment.Plan("click", 0.02, 0.05, List.of(ramp), Duration.ofHours(1), Duration.ofMinutes(10));
        return Experiment.started(name, "g1", "g2", "salt", plan, at);
    }
}
