package dev.millrace.attribute;

import static dev.millrace.attribute.AttributionScene.click;
import static dev.millrace.attribute.AttributionScene.exposure;
import static dev.millrace.attribute.AttributionScene.profile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.event.Click;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HiddenItemsTest {

    private static final long START = 1_700_000_000_000L;
    private static final long MINUTE = 60_000;
    private static final long DAY = Duration.ofDays(1).toMillis();

    private final AttributionScene scene = new AttributionScene();
    private final MemoryEntries entries = new MemoryEntries();
    private int acts;
    private Attribution attribution = attribution(Map.of());

    @Test
    void hiddenItemsAreKnownAtOnce() {
        hide("ann", "a", START);
        hide("ann", "b", START + 1);

        assertThat(hidden("ann")).containsExactly("b", "a");
        assertThat(latest("ann").history()).isEmpty();
        assertThat(outcomes()).isEqualTo(Map.of("hidden", 2L));
    }

    @Test
    void withoutTheSettingNothingIsHidden() {
        attribution = scene.attribution(entries, Map.of());

        hide("ann", "a", START);

        assertThat(scene.latest).isEmpty();
        assertThat(outcomes()).isEqualTo(Map.of("untrained-action", 1L));
    }

    @Test
    void hiddenItemsComeBackInTime() {
        hide("ann", "a", START);
        hide("ann", "b", START + DAY);

        attribution.advance(START + 30 * DAY, START + 30 * DAY);
        assertThat(hidden("ann")).containsExactly("b", "a");
        attribution.advance(START + 30 * DAY + MINUTE, START + 30 * DAY + MINUTE);
        assertThat(hidden("ann")).containsExactly("b");
    }

    @Test
    void whoHidesAnItemAgainHidesItForLonger() {
        hide("ann", "a", START);
        hide("ann", "a", START + DAY);

        attribution.advance(START + 30 * DAY + MINUTE, START + 30 * DAY + MINUTE);

        assertThat(hidden("ann")).containsExactly("a");
    }

    /** What an account dates into the past would be over at once. */
    @Test
    void timeBeginsNowForOldDates() {
        attribution.advance(START, START);

        hide("ann", "a", START - 365 * DAY);
        attribution.advance(START + 29 * DAY, START + 29 * DAY);

        assertThat(hidden("ann")).containsExactly("a");
    }

    @Test
    void undoBringsAnItemBack() {
        hide("ann", "a", START);
        hide("ann", "b", START + 1);

        act("unhide", "ann", "a", START + 2);
        act("unhide", "ann", "c", START + 3);

        assertThat(hidden("ann")).containsExactly("b");
        assertThat(outcomes()).isEqualTo(Map.of("hidden", 2L, "unhidden", 1L, "unhidden: not hidden", 1L));
        assertThat(scene.examples).hasSize(2);
    }

    @Test
    void oldestItemComesBackBeyondAThousand() {
        IntStream.range(0, 1_002).forEach(at -> hide("ann", "i" + at, START + at));

        assertThat(hidden("ann")).hasSize(1_000).startsWith("i1001").endsWith("i2");
        assertThat(outcomes()).containsEntry("hidden: full", 2L);
        hide("ann", "i500", START + 2_000); // which has its place
        assertThat(outcomes()).isEqualTo(Map.of("hidden", 1_001L, "hidden: full", 2L));
    }

    /** 64 KiB have room for 256 ids of 256 bytes. */
    @Test
    void longIdsLeaveRoomForFewerItems() {
        IntStream.range(0, 300).forEach(at -> hide("ann", "%0256d".formatted(at), START + at));

        assertThat(hidden("ann")).hasSize(256).startsWith("%0256d".formatted(299));
        assertThat(outcomes()).containsEntry("hidden: full", 44L);
    }

    @Test
    void exampleIsOfItsExposureAndNoClick() {
        attribution.profile(profile("ann", START, "young"));
        attribution.expose(exposure("e1", "ann", "a", START + 1));
        attribution.profile(profile("ann", START + 2, "old"));

        act("dislike", "ann", "a", START + 3);

        TrainingExample example = scene.examples.get(0);
        assertThat(example.isPositive()).isFalse();
        assertThat(example.action()).isEqualTo("dislike");
        assertThat(example.user().time()).isEqualTo(START + 1);
        assertThat(example.user().features().value("age")).contains(new FeatureValue.Category("young"));
        assertThat(example.time()).isEqualTo(START + 3);
        attribution.advance(START + DAY, START + DAY);
        assertThat(outcomes(InputTopic.EXPOSURES)).isEqualTo(Map.of("unclicked", 1L));
    }

    @ParameterizedTest
    @CsvSource({"exposures, 30, 0", "exposures, 31, 31", "clicks-only, 30, 30"})
    void withoutOpenExposureTheMomentIsItsOwn(String mode, int minutes, int expected) {
        attribution = attribution(Map.of("attribution.mode", mode));
        if (mode.equals("exposures")) {
            attribution.expose(exposure("e1", "ann", "a", START));
        }

        long time = START + minutes * MINUTE;
        attribution.click(new Click("h", "ann", "a", Optional.of("e1"), "hide", 1, time, 0, Features.NONE));

        assertThat(scene.examples.get(0).user().time()).isEqualTo(START + expected * MINUTE);
    }

    /** Two clicks count 1 and 1, a third one 2/3, as docs/model.md has it; and so does a hide in its place. */
    @Test
    void hidesAndClicksCountInOneBudget() {
        for (int at = 0; at < 2; at++) {
            attribution.expose(exposure("e" + at, "ann", "a", START));
            attribution.click(click("c" + at, "ann", "a", "e" + at, START));
        }

        IntStream.range(0, 4).forEach(at -> hide("ann", "a", START));

        assertThat(scene.examples.stream().map(TrainingExample::weight).map(weight -> Math.round(27 * weight)))
                .containsExactly(27L, 27L, 18L, 6L, 2L);
        assertThat(outcomes()).isEqualTo(Map.of("attributed", 2L, "hidden", 3L, "hidden-capped", 1L));
        assertThat(hidden("ann")).containsExactly("a");
    }

    @Test
    void weightsAreCutAsThoseOfClicks() {
        attribution.click(new Click("h", "ann", "a", Optional.empty(), "hide", 50, START, 0, Features.NONE));

        assertThat(scene.examples.get(0).weight()).isEqualTo(3); // attribution.cap.user-item
        assertThat(outcomes()).isEqualTo(Map.of("hidden: cut weight", 1L));
    }

    @Test
    void laterExamplesHaveWhatWasHiddenBefore() {
        hide("ann", "a", START);
        attribution.expose(exposure("e", "ann", "b", START + 10));
        hide("ann", "c", START + 20);
        attribution.expose(exposure("late", "ann", "d", START - 10));

        attribution.click(click("c1", "ann", "b", "e", START + 30));
        attribution.click(click("c2", "ann", "d", "late", START + 30));

        assertThat(scene.examples.get(2).user().hidden()).containsExactly("a");
        assertThat(scene.examples.get(3).user().hidden()).isEmpty();
    }

    @Test
    void profilesCannotHideItems() {
        Features forged = Features.of(Map.of(UserFeatures.HIDDEN, new FeatureValue.Bag(List.of("a"))));

        attribution.profile(new UserProfile("ann", START, forged));

        assertThat(hidden("ann")).isEmpty();
    }

    @Test
    void hiddenItemsSurviveARestart() {
        hide("ann", "a", START);

        attribution = Commit.restarted(attribution, attribution(Map.of()));
        hide("ann", "b", START + 1);

        assertThat(hidden("ann")).containsExactly("b", "a");
        attribution.advance(START + 30 * DAY + MINUTE, START + 30 * DAY + MINUTE);
        assertThat(hidden("ann")).isEmpty();
    }

    @Test
    void erasedUsersHaveNothingHidden() {
        hide("ann", "a", START);

        attribution.removeUser("ann");
        hide("ann", "b", START + 1);

        assertThat(scene.removed).containsExactly("ann");
        assertThat(hidden("ann")).containsExactly("b");
    }

    @Test
    void usersWhoOnlyHideGoLikeOthers() {
        attribution = attribution(Map.of("users.expire-after", "60d"));
        hide("ann", "a", START);
        attribution = Commit.restarted(attribution, attribution(Map.of("users.expire-after", "60d")));

        attribution.advance(START + 59 * DAY, START + 59 * DAY);
        assertThat(scene.removed).isEmpty();
        attribution.advance(START + 62 * DAY, START + 62 * DAY);
        assertThat(scene.removed).containsExactly("ann");
        List<String> left = new ArrayList<>();
        Commit.of(attribution);
        entries.scan(new byte[0], (key, value) -> left.add(new String(key, StandardCharsets.ISO_8859_1)));
        assertThat(left).isEmpty();
    }

    @Test
    void anActionHasOneMeaning() {
        SettingsReader reader = new SettingsReader(Map.of(
                "attribution.actions", "click,hide",
                "attribution.negative-actions", "hide,skip",
                "attribution.undo-actions", "skip,click"));

        AttributionSettings.read(reader);

        assertThatThrownBy(reader::finish)
                .hasMessageContaining("attribution.negative-actions = hide")
                .hasMessageContaining("attribution.undo-actions = skip")
                .hasMessageContaining("attribution.undo-actions = click");
    }

    private void hide(String user, String item, long time) {
        act("hide", user, item, time);
    }

    private void act(String action, String user, String item, long time) {
        attribution.click(new Click("act" + acts++, user, item, Optional.empty(), action, 1, time, 0, Features.NONE));
    }

    private UserFeatures latest(String user) {
        return Optional.ofNullable(scene.latest.get(user)).orElseThrow();
    }

    private List<String> hidden(String user) {
        return latest(user).hidden();
    }

    private Map<String, Long> outcomes() {
        return outcomes(InputTopic.CLICKS);
    }

    private Map<String, Long> outcomes(InputTopic topic) {
        return Books.Account.of(topic, attribution.books().accounts()).outcomes();
    }

    private Attribution attribution(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "attribution.negative-actions", "hide,dislike",
                "attribution.undo-actions", "unhide",
                "attribution.hide-for", "30d"));
        settings.putAll(more);
        return scene.attribution(entries, settings);
    }
}
