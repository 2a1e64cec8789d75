package dev.millrace.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How far one account gets, and ten: the worst programs that were found, and a short search for others. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class RedTeamTest {

    private static final int TRIALS = 4;
    private static final long SEED = 1;
    private static final Map<String, String> NO_CAPS =
            Map.of("attribution.cap.user-item", "0", "attribution.cap.user", "0");

    /** By settings of the goals. */
    private final Map<Map<String, String>, Scene> scenes = new HashMap<>();

    @AfterAll
    void forget() {
        scenes.clear();
    }

    static Stream<Arguments> raids() {
        return Stream.of(Goal.values()).flatMap(goal -> Stream.of(1, 10).map(accounts -> Arguments.of(goal, accounts)));
    }

    @ParameterizedTest(name = "{0} with {1}")
    @MethodSource("raids")
    void theWorstThatWasFoundStaysWithinTheBound(Goal goal, int accounts) throws IOException {
        assertHolds(worst(goal, accounts));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void accountsThatSendAtRandomMoveNoItemAndTakeNoClick(int accounts) {
        assertHolds(new RedTeam(scene(Goal.RANK, accounts), SEED).search(trials -> trials < TRIALS));
        assertHolds(new RedTeam(scene(Goal.LOST, accounts), SEED).search(trials -> trials < TRIALS));
    }

    @Test
    void withoutCapsASearchPutsAnItemFirst() { // the search can find, and the measure can see it
        RedTeam.Found found = new RedTeam(Scene.of(Goal.RANK, 1, NO_CAPS), SEED).search(trials -> trials < 2 * TRIALS);

        assertThat(found.verdict().damage()).isGreaterThan(2 * found.verdict().bound());
    }

    @Test
    void withoutCapsTheWorstEvictsMost() throws IOException {
        Scene scene = Scene.of(Goal.EVICTED, 1, NO_CAPS);
        Program worst = Program.read(RedTeam.file(RedTeam.KEPT, Goal.EVICTED, 1));

        RedTeam.Found found = new RedTeam(scene, SEED).attempt(worst);

        double capped = scene(Goal.EVICTED, 1).settings().attribution().caps().perUser();
        assertThat(found.verdict().damage()).isGreaterThan(4 * capped);
    }

    @Test
    void sameSeedFindsTheSame() {
        Scene scene = scene(Goal.EVICTED, 1);

        RedTeam.Found found = new RedTeam(scene, 3).search(trials -> trials < 3);
        RedTeam.Found again = new RedTeam(scene, 3).search(trials -> trials < 3);

        assertThat(again).isEqualTo(found);
    }

    @Test
    void programsAreReadAsTheyAreWritten() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        Path directory = Files.createDirectories(Path.of("target/fuzz"));
        Program program = Program.random(random, 10);
        for (int at = 0; at < 100; at++) {
            Path file = Files.createTempFile(directory, "program", ".txt");
            program.write(file, "any");

            assertThat(Program.read(file)).isEqualTo(program);

            Files.delete(file);
            program = program.mutated(random, 10);
        }
    }

    @Test
    void everyGoalHasAKeptProgram() {
        List<Path> expected = Stream.of(Goal.values())
                .flatMap(goal -> Stream.of(1, 10).map(accounts -> RedTeam.file(RedTeam.KEPT, goal, accounts)))
                .toList();

        assertThat(expected).allMatch(Files::exists);
    }

    private static void assertHolds(RedTeam.Found found) {
        assertThat(found.verdict().damage())
                .as("%s%n%s", found.verdict().words(), found.program())
                .isLessThanOrEqualTo(found.verdict().bound());
    }

    private RedTeam.Found worst(Goal goal, int accounts) throws IOException {
        RedTeam team = new RedTeam(scene(goal, accounts), SEED);
        team.attempt(Program.read(RedTeam.file(RedTeam.KEPT, goal, accounts)));
        return team.search(trials -> trials < TRIALS);
    }

    private Scene scene(Goal goal, int accounts) {
        return scenes.computeIfAbsent(goal.settings(), settings -> Scene.of(goal, accounts, Map.of()))
                .of(goal, accounts);
    }
}
