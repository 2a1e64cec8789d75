package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the attribution writes: each write is a record of the changelog. */
class AttributionWritesTest {

    private static final long START = 1_767_225_600_000L; // 2026-01-01
    private static final long MINUTE = 60_000;
    private static final long DAY = 24 * 60 * MINUTE;

    private final NotedEntries entries = new NotedEntries(key -> String.valueOf((char) key[0]));
    private final AttributionScene scene = new AttributionScene();
    private final List<TrainingExample> examples = scene.examples;
    private final Attribution attribution = scene.attribution(entries, Map.of());

    @Test
    void exposuresOfACommitShareTheUsersEntry() {
        for (int at = 0; at < 500; at++) {
            attribution.expose(exposure("e" + at, START + at));
        }
        Commit.of(attribution);

        // I: the user's number; T: blocks of timers, one for the windows' ends and one for the user
        assertThat(writes()).isEqualTo(Map.of("put X", 500L, "put U", 1L, "put I", 1L, "put T", 2L));
    }

    @Test
    void exposuresAreDeletedADayAfterTheirWindow() {
        for (int at = 0; at < 500; at++) {
            attribution.expose(exposure("e" + at, START + at));
        }
        Commit.of(attribution);
        entries.noted.clear();

        attribution.advance(START + 31 * MINUTE, START + 31 * MINUTE);
        Commit.of(attribution);
        assertThat(writes()).isEqualTo(Map.of("delete T", 1L, "put T", 1L));
        entries.noted.clear();

        attribution.advance(START + DAY + MINUTE, START + DAY + MINUTE);
        Commit.of(attribution);
        assertThat(writes()).isEqualTo(Map.of("delete T", 1L, "delete X", 500L));
    }

    @Test
    void aVersionStaysForTheExposuresThatReadIt() {
        attribution.profile(profile("young", START));
        attribution.expose(exposure("e1", START + 1));
        attribution.profile(profile("old", START + 2));
        attribution.expose(exposure("e2", START + MINUTE));
        assertThat(versions()).isEqualTo(2);

        attribution.click(click("c1", "e1", START + 10 * MINUTE));
        attribution.click(click("c2", "e2", START + 10 * MINUTE));
        assertThat(examples)
                .extracting(example -> example.user().features().value("age").orElseThrow())
                .containsExactly(new FeatureValue.Category("young"), new FeatureValue.Category("old"));
        assertThat(versions()).isEqualTo(3); // what the first click made was read by no exposure, and is overwritten
        assertThat(profiles()).isEqualTo(2);

        attribution.advance(START + 30 * MINUTE + 5_000, START + 30 * MINUTE + 5_000);
        assertThat(versions()).isEqualTo(2); // the first exposure has ended
        assertThat(profiles()).isEqualTo(1);

        attribution.advance(START + 32 * MINUTE, START + 32 * MINUTE);
        assertThat(versions()).isEqualTo(1);
        assertThat(profiles()).isEqualTo(1);
    }

    @Test
    void versionsOfAHistoryShareALargeProfile() {
        attribution.profile(profile("x".repeat(10_000), START));
        for (int at = 0; at < 100; at++) {
            attribution.expose(exposure("e" + at, START + at));
            attribution.click(click("c" + at, "e" + at, START + at));
        }

        assertThat(versions()).isEqualTo(101);
        assertThat(bytes()).isBetween(10_000, 100_000);
        assertThat(examples)
                .hasSize(5) // the others are capped, and their versions are there all the same
                .allMatch(example -> example.user().features().value("age").isPresent());
    }

    @Test
    void aLargeProfileGoesWithTheUser() {
        attribution.profile(profile("x".repeat(10_000), START));
        attribution.expose(exposure("e", START + 1));
        attribution.profile(profile("y".repeat(10_000), START + 2));

        attribution.advance(START + 366 * DAY, START + 366 * DAY); // users.expire-after is 365 days

        assertThat(profiles()).isZero();
        assertThat(bytes()).isLessThan(1_000);
    }

    @Test
    void aLargeContextGoesWithTheWindow() {
        Features large = Features.of(Map.of("text", new FeatureValue.Category("x".repeat(10_000))));
        attribution.expose(new Exposure("e", "ann", "book", START, START, large));
        assertThat(bytes()).isGreaterThan(10_000);

        attribution.advance(START + 31 * MINUTE, START + 31 * MINUTE);

        assertThat(bytes()).isLessThan(1_000);
        attribution.expose(new Exposure("e", "ann", "book", START, START, large));
        assertThat(Objects.requireNonNull(attribution.books().accounts().get("exposures"))
                        .outcomes())
                .containsEntry("duplicate", 1L);
    }

    @Test
    void anExposureReadsOnlyTheWaitingClicksThatItAnswers() {
        for (int at = 0; at < 1_000; at++) {
            attribution.click(click("n" + at, "elsewhere", START + MINUTE));
            attribution.click(clickWithoutExposure("early" + at, START - 1));
            attribution.click(
                    clickWithoutExposure("late" + at, START + 30 * MINUTE + 1)); // the window is of 30 minutes
        }
        attribution.click(click("c3", "e", START + MINUTE));
        attribution.click(clickWithoutExposure("c2", START));
        attribution.click(clickWithoutExposure("c1", START + 30 * MINUTE));
        entries.noted.clear();

        attribution.expose(exposure("e", START));

        // those two that name none are visited once more among those that name one, to be answered in the order of all
        // their ids
        assertThat(entries.noted.stream().filter("visit W"::equals)).hasSize(2 + 3);
        assertThat(examples).extracting(TrainingExample::id).containsExactly("c1");
    }

    /** How many entries of each kind were written. */
    private Map<String, Long> writes() {
        return entries.noted.stream()
                .filter(one -> !one.startsWith("get") && !one.startsWith("visit"))
                .collect(Collectors.groupingBy(one -> one, Collectors.counting()));
    }

    private int versions() {
        return count(EntryKeys.VERSION);
    }

    private int profiles() {
        return count(EntryKeys.PROFILE);
    }

    private int count(byte kind) {
        Commit.of(attribution);
        int[] found = {0};
        entries.scan(new byte[] {kind}, new byte[] {(byte) (kind + 1)}, (key, value) -> {
            found[0]++;
            return true;
        });
        return found[0];
    }

    private int bytes() {
        Commit.of(attribution);
        int[] found = {0};
        entries.scan(new byte[] {0}, (key, value) -> {
            found[0] += key.length + value.length;
            return true;
        });
        return found[0];
    }

    private static Exposure exposure(String id, long time) {
        return AttributionScene.exposure(id, "ann", "book", time);
    }

    private static Click click(String id, String exposure, long time) {
        return AttributionScene.click(id, "ann", "book", exposure, time);
    }

    private static Click clickWithoutExposure(String id, long time) {
        return AttributionScene.click(id, "ann", "book", time);
    }

    private static UserProfile profile(String age, long time) {
        return AttributionScene.profile("ann", time, age);
    }
}
