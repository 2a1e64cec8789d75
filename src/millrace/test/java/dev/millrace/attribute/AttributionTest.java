package dev.millrace.attribute;

import static dev.millrace.attribute.AttributionScene.click;
import static dev.millrace.attribute.AttributionScene.exposure;
import static dev.millrace.attribute.AttributionScene.profile;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.state.Books;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AttributionTest {

    private static final long START = 1_700_000_000_000L;
    private static final long MINUTE = 60_000;
    private static final long HOUR = 60 * MINUTE;

    private final AttributionScene scene = new AttributionScene();
    private final List<TrainingExample> examples = scene.examples;
    private final List<String> removed = scene.removed;
    private final MemoryEntries entries = new MemoryEntries();
    private Attribution attribution = attribution(Map.of());

    @Test
    void clickTakesTheFeaturesOfItsExposureNotOfItself() {
        attribution.profile(profile("ann", START, "young"));
        attribution.expose(exposure("e1", "ann", "book", START + 1));
        attribution.profile(profile("ann", START + 2, "old"));
        attribution.expose(exposure("e2", "ann", "pen", START + 3));
        attribution.click(click("c2", "ann", "pen", "e2", START + 4));

        attribution.click(click("c1", "ann", "book", "e1", START + 5));

        TrainingExample example = examples.get(1);
        assertThat(example.id()).isEqualTo("c1");
        assertThat(example.user().features().value("age")).contains(new FeatureValue.Category("young"));
        assertThat(example.user().history()).isEmpty(); // the pen was clicked after the book was shown
        assertThat(example.time()).isEqualTo(START + 5);
    }

    @Test
    void waitingClicksFindTheirExposureById() {
        for (int at = 249; at >= 0; at--) { // 100 in a round
            attribution.click(click("c%03d".formatted(at), "ann", "book", at % 10 == 9 ? "other" : "e", START + 1));
        }

        attribution.expose(exposure("e", "ann", "book", START));

        // one action on one exposure counts once; 25 clicks name an exposure that did not come
        assertThat(examples).extracting(TrainingExample::id).containsExactly("c000");
        assertThat(account("clicks").waiting()).isEqualTo(25);
        assertThat(account("clicks").outcomes()).containsEntry("repeated-action", 224L);
    }

    @Test
    void removalErasesAllOfAUserHoweverManyEntries() {
        attribution.profile(profile("ann", START, "young"));
        showAndClick("ann", "pen", START);
        for (int at = 0; at < 2_500; at++) { // 1,000 in a round
            attribution.expose(exposure("e" + at, "ann", "book", START));
        }
        attribution.expose(exposure("late", "ann", "book", START - HOUR)); // its window ended before it came
        attribution.click(click("w", "ann", "cup", "unknown", START));

        attribution.removeUser("ann");

        assertThat(kinds()).containsOnly("T"); // timers, which name nobody
        assertThat(removed).containsExactly("ann");
        assertThat(account("exposures")).isEqualTo(account(2_502, 0, "erased", 2_502));
        assertThat(account("clicks").outcomes()).isEqualTo(Map.of("attributed", 1L, "erased", 1L));
        advance(attribution, START + 366 * 24 * HOUR);
        assertThat(everything()).isEmpty();
    }

    @Test
    void historyHoldsEarlierClicksLatestFirst() {
        showAndClick("ann", "a", START);
        showAndClick("ann", "b", START + 1000);

        attribution.expose(exposure("e", "ann", "c", START + 2000));
        attribution.click(click("c", "ann", "c", "e", START + 2001));

        assertThat(examples.get(2).user().history()).containsExactly("b", "a");
        assertThat(Objects.requireNonNull(scene.latest.get("ann")).history()).containsExactly("c", "b", "a");
    }

    @Test
    void exposureThatArrivesLateSeesNoClickLaterThanItself() {
        showAndClick("ann", "a", START + MINUTE);

        attribution.expose(exposure("late", "ann", "b", START));
        attribution.click(click("c", "ann", "b", "late", START + MINUTE + 1));

        assertThat(examples.get(1).item()).isEqualTo("b");
        assertThat(examples.get(1).user().history()).isEmpty();
    }

    @Test
    void unclickedExposuresKeepTheFeaturesOfTheirMoment() {
        attribution = attribution(Map.of("negatives.exposed", "1", "negatives.exposed.sample", "1"));
        attribution.profile(profile("ann", START, "young"));
        attribution.expose(exposure("e1", "ann", "book", START + 1));
        attribution.expose(exposure("e2", "ann", "pen", START + 2));
        attribution.click(click("c2", "ann", "pen", "e2", START + 3));
        attribution.profile(profile("ann", START + 4, "old"));

        advance(attribution, START + HOUR);

        assertThat(examples).hasSize(2);
        TrainingExample example = examples.get(1);
        assertThat(example.isPositive()).isFalse();
        assertThat(example.id()).isEqualTo("e1");
        assertThat(example.item()).isEqualTo("book");
        assertThat(example.time()).isEqualTo(START + 1 + 30 * MINUTE); // when its window ended
        assertThat(example.user().features().value("age")).contains(new FeatureValue.Category("young"));
        assertThat(account("exposures").outcomes())
                .containsEntry("unclicked", 1L)
                .containsEntry("clicked", 1L);
    }

    @Test
    void exposuresAreSampledRepeatablyAndOnlyIfAsked() {
        List<List<String>> sampled = new ArrayList<>();
        for (String weight : List.of("1", "1", "0")) {
            examples.clear();
            Attribution anew = scene.attribution(
                    new MemoryEntries(), Map.of("negatives.exposed", weight, "negatives.exposed.sample", "0.25"));
            for (int at = 0; at < 2000; at++) {
                anew.expose(exposure("e" + at, "user" + at, "book", START + at));
            }
            advance(anew, START + HOUR);
            sampled.add(examples.stream().map(TrainingExample::id).toList());
        }

        // 500 of 2,000, by five standard deviations of 19
        assertThat(sampled.get(0)).hasSizeBetween(400, 600).isEqualTo(sampled.get(1));
        assertThat(sampled.get(2)).isEmpty();
    }

    @Test
    void clickWithoutExposureBecomesAnOrphanAfterItsWait() {
        attribution.click(click("c", "ann", "a", "never", START));

        advance(attribution, START + 6 * MINUTE);

        assertThat(account("clicks")).isEqualTo(account(1, 0, "orphan", 1));
        assertThat(examples).isEmpty();
        advance(attribution, START + 25 * HOUR);
        assertThat(everything()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void eventsReadFarAheadOfTheOtherTopicStillMeet(boolean areClicksAhead) {
        List<Runnable> exposures = new ArrayList<>();
        List<Runnable> clicks = new ArrayList<>();
        for (int at = 0; at < 10; at++) {
            String id = "" + at;
            long time = START + at * HOUR;
            exposures.add(() -> attribution.expose(exposure(id, "ann", "i" + id, time)));
            clicks.add(() -> attribution.click(click(id, "ann", "i" + id, id, time + 1)));
        }

        (areClicksAhead ? clicks : exposures).forEach(Runnable::run);
        assertThat(account(areClicksAhead ? "clicks" : "exposures").waiting()).isEqualTo(10);
        (areClicksAhead ? exposures : clicks).forEach(Runnable::run);

        assertThat(account("clicks")).isEqualTo(account(10, 0, "attributed", 10));
    }

    @Test
    void aSilentClickTopicIsNotWaitedForLongerThanTheSkew() {
        attribution.expose(exposure("e1", "ann", "a", START));

        attribution.expose(exposure("e2", "ann", "b", START + 25 * HOUR));

        assertThat(account("exposures").outcome(Outcome.UNCLICKED)).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"30, attributed, clicked", "31, late, unclicked"})
    void aClickCountsUpToTheLastMomentOfTheWindow(int minutes, String ofClick, String ofExposure) {
        attribution.expose(exposure("e", "ann", "a", START));

        attribution.click(click("c", "ann", "a", "e", START + minutes * MINUTE));
        advance(attribution, START + 32 * MINUTE);

        assertThat(account("clicks")).isEqualTo(account(1, 0, ofClick, 1));
        assertThat(account("exposures")).isEqualTo(account(1, 0, ofExposure, 1));
    }

    @Test
    void latePolicyPositiveLearnsFromTheClicksOwnMoment() {
        attribution = attribution(Map.of("attribution.late", "positive"));
        attribution.expose(exposure("e", "ann", "a", START));

        attribution.click(click("c", "ann", "a", "e", START + 31 * MINUTE));

        assertThat(account("clicks")).isEqualTo(account(1, 0, "late-attributed", 1));
        assertThat(examples).hasSize(1);
        assertThat(examples.get(0).user().time()).isEqualTo(START + 31 * MINUTE);
    }

    @Test
    void secondClicksOnAnExposureAreRepeatedActions() {
        attribution.expose(exposure("e", "ann", "a", START));
        attribution.expose(exposure("e", "ann", "a", START));
        attribution.click(click("c", "ann", "a", "e", START + 1));
        attribution.click(click("c", "ann", "a", "e", START + 1));

        attribution.click(click("other", "ann", "a", "e", START + 2));

        assertThat(examples).hasSize(1);
        assertThat(account("exposures").outcome(Outcome.DUPLICATE)).isEqualTo(1);
        assertThat(account("clicks").outcome(Outcome.DUPLICATE)).isEqualTo(1);
        assertThat(account("clicks").outcome(Outcome.REPEATED_ACTION)).isEqualTo(1);
        assertThat(account("clicks").isBalanced()).isTrue();
    }

    @Test
    void clicksWithoutIdAnswerTheLatestOpenExposure() {
        attribution.expose(exposure("e1", "ann", "a", START));
        showAndClick("ann", "b", START + 10);
        attribution.expose(exposure("e2", "ann", "a", START + 20));

        attribution.click(click("c", "ann", "a", START + 30));

        assertThat(examples.get(1).user().time()).isEqualTo(START + 20);
        assertThat(examples.get(1).user().history()).containsExactly("b");
    }

    /** Whether the click comes behind an older exposure of the item, or before both. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void clicksWithoutExposureIdWaitForTheirOwn(boolean isOldOneKnown) {
        Runnable old = () -> attribution.expose(exposure("old", "ann", "a", START));
        Runnable click = () -> attribution.click(click("c", "ann", "a", START + HOUR + 1));
        (isOldOneKnown ? List.of(old, click) : List.of(click, old)).forEach(Runnable::run);
        assertThat(account("clicks").waiting()).isEqualTo(1);

        attribution.expose(exposure("own", "ann", "a", START + HOUR));

        assertThat(account("clicks")).isEqualTo(account(1, 0, "attributed", 1));
        assertThat(examples.get(0).user().time()).isEqualTo(START + HOUR);
    }

    @Test
    void clicksWithoutIdAreLateBehindOldExposures() {
        attribution.expose(exposure("old", "ann", "a", START));
        attribution.click(click("c", "ann", "a", START + HOUR));

        advance(attribution, START + 2 * HOUR);

        assertThat(account("clicks")).isEqualTo(account(1, 0, "late", 1));
    }

    @Test
    void timerOfAnErasedExposureDoesNotEndItsSuccessor() {
        attribution.expose(exposure("e", "ann", "a", START));
        attribution.removeUser("ann");
        attribution.expose(exposure("e", "ann", "a", START + 20 * MINUTE)); // the same id again

        advance(attribution, START + 40 * MINUTE); // past the first window, within the second

        assertThat(account("exposures").waiting()).isEqualTo(1);
    }

    @Test
    void aSecondActionOnTheSameExposureIsAnExampleOfItsOwn() {
        attribution = attribution(Map.of("attribution.actions", "click,like"));
        attribution.expose(exposure("e", "ann", "a", START));
        attribution.click(click("c", "ann", "a", "e", START + 1));

        attribution.click(new Click("l", "ann", "a", Optional.of("e"), "like", 2, START + 2, 0, Features.NONE));

        assertThat(examples).extracting(TrainingExample::action).containsExactly("click", "like");
        assertThat(examples.get(1).weight()).isEqualTo(2);
    }

    @Test
    void clicksOnlyModeMakesEachClickItsOwnExposure() {
        attribution = attribution(Map.of("attribution.mode", "clicks-only"));

        attribution.click(click("c1", "ann", "a", "none", START));
        attribution.click(click("c2", "ann", "b", "none", START + 1));

        assertThat(examples.get(0).user().history()).isEmpty();
        assertThat(examples.get(1).user().history()).containsExactly("a");
        assertThat(account("clicks")).isEqualTo(account(2, 0, "attributed", 2));
    }

    @Test
    void clocksSetBackRejectNothingCredibleBefore() {
        long seen = attribution.clock(START + HOUR);

        long setBack = attribution.clock(START - 24 * HOUR);

        assertThat(setBack).isEqualTo(seen).isEqualTo(START + HOUR);
    }

    @Test
    void aUserWithoutAnEventForLongGoes() {
        attribution = attribution(Map.of("users.expire-after", "30d"));
        attribution.profile(profile("ann", START, "young"));
        showAndClick("bob", "a", START);
        attribution.expose(exposure("seen", "cem", "a", START)); // never published, so that no one needs to hear of it
        showAndClick("bob", "b", START + 20 * 24 * HOUR);

        advance(attribution, START + 31 * 24 * HOUR);

        assertThat(removed).containsExactly("ann");
        assertThat(users()).containsExactly("Ubob");
        advance(attribution, START + 51 * 24 * HOUR);
        assertThat(removed).containsExactly("ann", "bob");
        assertThat(everything()).isEmpty();
    }

    /** Who could be forgotten by the dates of his own events would begin with new caps whenever he likes. */
    @Test
    void usersAreIdleSinceTheyWereHeard() {
        attribution = attribution(Map.of("users.expire-after", "30d"));
        for (int hour = 0; hour < 48; hour++) {
            long now = START + hour * HOUR;
            showAndClick("honest", "a" + hour, now);
            advance(attribution, now);
            showAndClick("dated", "a" + hour, now - 31 * 24 * HOUR);
        }
        assertThat(removed).isEmpty();

        advance(attribution, START + 29 * 24 * HOUR);
        assertThat(removed).isEmpty();
        advance(attribution, START + 33 * 24 * HOUR);
        assertThat(removed).containsExactlyInAnyOrder("honest", "dated");
    }

    @Test
    void oneTimerAUserWatchesHoweverManyEvents() {
        for (int at = 0; at < 50; at++) {
            showAndClick("ann", "i" + at, START + at * HOUR);
        }

        advance(attribution, START + 100 * HOUR);

        // what is of the user, and its timer, is all that is left
        assertThat(kinds()).containsExactly("H", "I", "P", "T", "U");
    }

    @Test
    void aReturningUserBeginsAnew() {
        attribution = attribution(Map.of("users.expire-after", "30d"));
        showAndClick("ann", "a", START);
        showAndClick("ann", "b", START + 40 * 24 * HOUR); // timers run before the event itself

        assertThat(removed).containsExactly("ann");
        assertThat(Objects.requireNonNull(scene.latest.get("ann")).history()).containsExactly("b");
    }

    @Test
    void usersAreKeptForEverIfTheSettingsSaySo() {
        attribution = attribution(Map.of("users.expire-after", "0s"));
        showAndClick("ann", "a", START);

        advance(attribution, START + 4000 * 24 * HOUR);

        assertThat(users()).containsExactly("Uann");
        assertThat(removed).isEmpty();
    }

    @Test
    void waitingClicksKeepTheirExpiringUser() {
        attribution = attribution(Map.of("users.expire-after", "30d", "attribution.click-wait", "2d"));
        showAndClick("ann", "a", START);
        attribution.click(click("early", "ann", "b", "e-b", START + 30 * 24 * HOUR - HOUR));
        advance(attribution, START + 30 * 24 * HOUR + HOUR); // ann would go, but for the click that waits

        attribution.expose(exposure("e-b", "ann", "b", START + 30 * 24 * HOUR - HOUR - MINUTE));

        assertThat(examples).extracting(TrainingExample::id).containsExactly("c-a", "early");
    }

    /** First letters of all keys. */
    private List<String> kinds() {
        return everything().stream().map(key -> key.substring(0, 1)).toList();
    }

    /** Keys of all entries, as text. */
    private List<String> everything() {
        Commit.of(attribution);
        List<String> keys = new ArrayList<>();
        entries.scan(
                new byte[] {0},
                new byte[] {'z'},
                (key, value) -> keys.add(new String(key, StandardCharsets.ISO_8859_1)));
        return keys;
    }

    private List<String> users() {
        return everything().stream().filter(key -> key.startsWith("U")).toList();
    }

    private void showAndClick(String user, String item, long time) {
        attribution.expose(exposure("e-" + item, user, item, time));
        attribution.click(click("c-" + item, user, item, "e-" + item, time + 1));
    }

    private Attribution attribution(Map<String, String> settings) {
        return scene.attribution(entries, settings);
    }

    private Books.Account account(String topic) {
        return attribution.books().accounts().getOrDefault(topic, Books.Account.EMPTY);
    }

    private static Books.Account account(long received, long waiting, String outcome, long count) {
        return new Books.Account(received, waiting, new TreeMap<>(Map.of(outcome, count)));
    }

    private static void advance(Attribution attribution, long time) {
        attribution.advance(time, time);
    }
}
