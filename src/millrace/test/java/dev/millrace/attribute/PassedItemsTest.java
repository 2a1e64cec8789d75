package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.MemoryEntries;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PassedItemsTest {

    private static final long START = 1_700_000_000_000L;
    private static final long WINDOW = Duration.ofMinutes(30).toMillis();
    private static final long DAY = Duration.ofDays(1).toMillis();

    private final AttributionScene scene = new AttributionScene();
    private final MemoryEntries entries = new MemoryEntries();
    private Attribution attribution = attribution(Map.of());
    private int acts;

    @Test
    void isPassedWhenItsWindowHasEndedWithoutAClick() {
        show("a", START);
        show("b", START + 1);
        show("c", START + 2);
        choose("b", START + 3);
        choose("d", START + WINDOW);
        assertThat(passed()).isEmpty();
        choose("e", START + WINDOW + 1);
        assertThat(passed()).containsExactly("a");
        choose("g", START + WINDOW + 3);
        assertThat(passed()).containsExactly("c", "a");
    }

    @Test
    void serversHearOfItWithoutAClick() {
        show("a", START);
        show("b", START + 1);
        attribution.advance(START + WINDOW - 1, START + WINDOW - 1);
        assertThat(scene.latest).isEmpty();
        attribution.advance(START + WINDOW + 1000, START + WINDOW + 1000);
        assertThat(passed()).containsExactly("b", "a");
        assertThat(scene.published).isEqualTo(1);
    }

    @Test
    void ofTwoItemsOfOneSlotTheLaterShownCounts() {
        show("a", START);
        show("f", START + 1); // the 8th byte of both digests is ca
        choose("b", START + DAY);
        assertThat(passed()).containsExactly("f");
    }

    @Test
    void withoutTheSettingNothingIsPassed() {
        attribution = scene.attribution(entries, Map.of());
        show("a", START);
        choose("b", START + DAY);
        assertThat(passed()).isEmpty();
        assertThat(kinds()).contains('U', 'X').doesNotContain('A');
    }

    @Test
    void comesBackInTime() {
        show("a", START);
        choose("b", START + WINDOW + 7 * DAY);
        assertThat(passed()).containsExactly("a");
        choose("c", START + WINDOW + 7 * DAY + 1);
        assertThat(passed()).isEmpty();
    }

    @Test
    void aLateClickBringsItBackIfItIsLearnt() {
        attribution = attribution(Map.of("attribution.late", "positive"));
        show("a", START);
        choose("b", START + DAY);
        assertThat(passed()).containsExactly("a");
        attribution.click(AttributionScene.click("late", "ann", "a", "none", START + DAY + 1));
        attribution.advance(START + 2 * DAY, START + 2 * DAY);
        assertThat(passed()).isEmpty();
    }

    @Test
    void theLatestExposureDecides() {
        show("a", START);
        show("a", START + WINDOW);
        choose("b", START + WINDOW + 1);
        assertThat(passed()).isEmpty();
        choose("c", START + 2 * WINDOW + 1);
        assertThat(passed()).containsExactly("a");
    }

    @Test
    void examplesHaveWhatWasPassedBefore() {
        show("a", START);
        show("b", START + 1);
        show("c", START + DAY);
        show("d", START + DAY + WINDOW);
        attribution.expose(AttributionScene.exposure("last", "ann", "e", START + DAY + WINDOW));
        choose("b", START + DAY + WINDOW + 1);
        attribution.click(AttributionScene.click("c", "ann", "e", "last", START + DAY + 2 * WINDOW));
        UserFeatures user = scene.examples.get(scene.examples.size() - 1).user();
        assertThat(user.time()).isEqualTo(START + DAY + WINDOW);
        assertThat(user.passed()).containsExactly("a");
        assertThat(user.leftOut()).containsExactly("a");
        assertThat(passed()).containsExactly("c", "a");
    }

    @Test
    void aUserHasNoMoreThanTheSlots() {
        IntStream.range(0, 2_000).forEach(at -> show("i" + at, START + at));
        choose("b", START + DAY);
        assertThat(passed()).hasSizeBetween(254, 256).startsWith("i1999").doesNotContain("i0");
        assertThat(kinds().stream().filter(kind -> kind == 'A')).hasSizeLessThanOrEqualTo(256);
    }

    @Test
    void profilesCannotPassItems() {
        Features forged = Features.of(Map.of(UserFeatures.PASSED, new FeatureValue.Bag(List.of("a"))));
        attribution.profile(new UserProfile("ann", START, forged));
        assertThat(passed()).isEmpty();
    }

    @Test
    void theHeapHoldsWhatTheStoreHas() {
        PassedItems passed = new PassedItems(7 * DAY, entries, 100);
        EntryKeys keys = new EntryKeys();
        Random random = new Random(1);
        for (int at = 0; at < 20_000; at++) {
            long number = random.nextLong(8);
            String item = "i" + random.nextInt(400);
            switch (random.nextInt(100)) {
                case 0 -> passed.forget(number);
                case 1, 2, 3 -> passed.click(number, item);
                default -> passed.show(keys.of(EntryKeys.EXPOSURE, number, item), item, at + random.nextInt(9));
            }
            long asked = random.nextLong(8);
            PassedItems fromStore = new PassedItems(7 * DAY, entries, 0);
            assertThat(passed.asOf(asked, at)).isEqualTo(fromStore.asOf(asked, at));
        }
    }

    @Test
    void areKnownAfterARestart() {
        show("a", START);
        attribution = Commit.restarted(attribution, attribution(Map.of()));
        choose("b", START + DAY);
        assertThat(passed()).containsExactly("a");
    }

    @Test
    void erasedUsersHaveNone() {
        show("a", START);
        attribution.profile(AttributionScene.profile("ann", START, "young"));
        attribution.removeUser("ann");
        assertThat(kinds()).doesNotContain('A');
        choose("b", START + DAY);
        assertThat(passed()).isEmpty();
    }

    @Test
    void usersWhoGoLeaveNothing() {
        attribution = attribution(Map.of("users.expire-after", "60d"));
        show("a", START);
        attribution.advance(START + 62 * DAY, START + 62 * DAY);
        assertThat(kinds()).doesNotContain('A', 'U', 'I', 'X');
        assertThat(scene.removed).containsExactly("ann");
    }

    private void show(String item, long time) {
        attribution.expose(AttributionScene.exposure("e" + acts++, "ann", item, time));
    }

    private void choose(String item, long time) {
        show(item, time);
        attribution.click(AttributionScene.click("c" + acts++, "ann", item, time));
    }

    private List<String> passed() {
        return Optional.ofNullable(scene.latest.get("ann"))
                .map(UserFeatures::passed)
                .orElseThrow();
    }

    private List<Character> kinds() {
        Commit.of(attribution);
        List<Character> kinds = new ArrayList<>();
        entries.scan(new byte[0], (key, value) -> kinds.add(new String(key, StandardCharsets.ISO_8859_1).charAt(0)));
        return kinds;
    }

    private Attribution attribution(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of("attribution.hide-passed-for", "7d"));
        all.putAll(settings);
        return scene.attribution(entries, all);
    }
}
