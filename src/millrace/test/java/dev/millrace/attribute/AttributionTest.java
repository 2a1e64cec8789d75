package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AttributionTest {

    private static final long START = 1_700_000_000_000L;
    private static final long MINUTE = 60_000;
    private static final long HOUR = 60 * MINUTE;

    private final List<TrainingExample> examples = new ArrayList<>();
    private final Map<String, UserFeatures> latest = new HashMap<>();
    private final List<String> removed = new ArrayList<>();
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
    void moreClicksThanARoundHoldsFindTheirExposureInTheOrderOfTheirIds() {
        for (int at = 0; at < 250; at++) { // 100 in a round
            attribution.click(click("c%03d".formatted(at), "ann", "book", at % 10 == 9 ? "other" : "e", START + 1));
        }

        attribution.expose(exposure("e", "ann", "book", START));

        // one action on one exposure counts once; 25 clicks name an exposure that did not come
        assertThat(examples).extracting(TrainingExample::id).containsExactly("c000");
        assertThat(account("clicks").waiting()).isEqualTo(25);
        assertThat(account("clicks").outcomes()).containsEntry("repeated-action", 224L);
    }

    @Test
    void ofClicksThatWaitTheOneWithTheFirstIdIsAnsweredWhicheverCameFirst() {
        for (String id : List.of("b", "c", "a")) {
            attribution.click(click(id, "ann", "book", "e", START + 1));
        }

        attribution.expose(exposure("e", "ann", "book", START));

        assertThat(examples).extracting(TrainingExample::id).containsExactly("a");
    }

    @Test
    void removalErasesMoreEntriesThanARoundHolds() {
        for (int at = 0; at < 2_500; at++) { // 1,000 in a round
            attribution.expose(exposure("e" + at, "ann", "book", START));
        }

        attribution.removeUser("ann");

        assertThat(account("exposures")).isEqualTo(account(2_500, 0, "erased", 2_500));
        assertThat(kinds()).containsOnly("T"); // timers, which name nobody
    }

    @Test
    void historyHoldsEarlierClicksLatestFirst() {
        showAndClick("ann", "a", START);
        showAndClick("ann", "b", START + 1000);

        attribution.expose(exposure("e", "ann", "c", START + 2000));
        attribution.click(click("c", "ann", "c", "e", START + 2001));

        assertThat(examples.get(2).user().history()).containsExactly("b", "a");
        assertThat(Objects.requireNonNull(latest.get("ann")).history()).containsExactly("c", "b", "a");
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
    void exposureThatEndsWithoutAClickIsAnExampleWithTheFeaturesOfItsMoment() {
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
    void someExposuresAreSampledTheSameEachTimeAndNoneUnlessAsked() {
        List<List<String>> sampled = new ArrayList<>();
        for (String weight : List.of("1", "1", "0")) {
            examples.clear();
            Attribution anew = attribution(
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
    void clickBeforeItsExposureWaitsForIt() {
        attribution.click(click("c", "ann", "a", "e", START + 5));
        assertThat(account("clicks").waiting()).isEqualTo(1);
        assertThat(examples).isEmpty();

        attribution.expose(exposure("e", "ann", "a", START));

        assertThat(examples).hasSize(1);
        assertThat(examples.get(0).user().history()).isEmpty();
        assertThat(account("clicks")).isEqualTo(account(1, 0, "attributed", 1));
    }

    @Test
    void clickWithoutExposureBecomesAnOrphanAfterItsWait() {
        attribution.click(click("c", "ann", "a", "never", START));

        advance(attribution, START + 6 * MINUTE);

        assertThat(account("clicks")).isEqualTo(account(1, 0, "orphan", 1));
        assertThat(examples).isEmpty();
    }

    @Test
    void clicksReadFarAheadOfTheirExposuresStillFindThem() {
        for (int at = 0; at < 10; at++) {
            attribution.click(click("c" + at, "ann", "i" + at, "e" + at, START + at * HOUR + 1));
        }
        assertThat(account("clicks").waiting()).isEqualTo(10);

        for (int at = 0; at < 10; at++) {
            attribution.expose(exposure("e" + at, "ann", "i" + at, START + at * HOUR));
        }

        assertThat(account("clicks")).isEqualTo(account(10, 0, "attributed", 10));
    }

    @Test
    void exposuresReadFarAheadOfTheirClicksStayOpenForThem() {
        for (int at = 0; at < 10; at++) {
            attribution.expose(exposure("e" + at, "ann", "i" + at, START + at * HOUR));
        }
        assertThat(account("exposures").waiting()).isEqualTo(10);

        for (int at = 0; at < 10; at++) {
            attribution.click(click("c" + at, "ann", "i" + at, "e" + at, START + at * HOUR + 1));
        }

        assertThat(account("clicks")).isEqualTo(account(10, 0, "attributed", 10));
    }

    @Test
    void aSilentClickTopicIsNotWaitedForLongerThanTheSkew() {
        attribution.expose(exposure("e1", "ann", "a", START));

        attribution.expose(exposure("e2", "ann", "b", START + 25 * HOUR));

        assertThat(account("exposures").outcome(Outcome.UNCLICKED)).isEqualTo(1);
    }

    @Test
    void clickAfterTheWindowIsLate() {
        attribution.expose(exposure("e", "ann", "a", START));

        attribution.click(click("c", "ann", "a", "e", START + 31 * MINUTE));
        advance(attribution, START + 32 * MINUTE);

        assertThat(account("clicks")).isEqualTo(account(1, 0, "late", 1));
        assertThat(account("exposures")).isEqualTo(account(1, 0, "unclicked", 1));
    }

    @Test
    void clickAtTheLastMomentOfTheWindowCounts() {
        attribution.expose(exposure("e", "ann", "a", START));

        attribution.click(click("c", "ann", "a", "e", START + 30 * MINUTE));

        assertThat(account("clicks")).isEqualTo(account(1, 0, "attributed", 1));
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
    void repeatsAreDuplicatesAndASecondClickOnAnExposureIsARepeatedAction() {
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
    void idsAreForgottenAfterTheDeduplicationWindow() {
        attribution.expose(exposure("e", "ann", "a", START));
        attribution.click(click("c", "ann", "a", "e", START + 1));

        advance(attribution, START + 25 * HOUR);

        // what is of the user, and its timer, is all that is left
        assertThat(kinds()).containsExactly("H", "I", "P", "T", "U");
        assertThat(account("exposures")).isEqualTo(account(1, 0, "clicked", 1));
    }

    @Test
    void clickWithoutExposureIdAnswersTheLatestOpenExposureOfTheItem() {
        attribution.expose(exposure("e1", "ann", "a", START));
        showAndClick("ann", "b", START + 10);
        attribution.expose(exposure("e2", "ann", "a", START + 20));

        attribution.click(new Click("c", "ann", "a", Optional.empty(), "click", 1, START + 30, 0, Features.NONE));

        assertThat(examples.get(1).user().time()).isEqualTo(START + 20);
        assertThat(examples.get(1).user().history()).containsExactly("b");
    }

    @Test
    void clickWithoutExposureIdWaitsForItsOwnExposureAndNotForAnOlderOne() {
        attribution.expose(exposure("old", "ann", "a", START));
        attribution.click(anonymous("c", START + HOUR + 1)); // ahead of the exposure it answers
        assertThat(account("clicks").waiting()).isEqualTo(1);

        attribution.expose(exposure("own", "ann", "a", START + HOUR));

        assertThat(account("clicks")).isEqualTo(account(1, 0, "attributed", 1));
        assertThat(examples.get(0).user().time()).isEqualTo(START + HOUR);
    }

    @Test
    void waitingClickIsNotTakenByAnExposureWhoseWindowItMisses() {
        attribution.click(anonymous("c", START + HOUR + 1));

        attribution.expose(exposure("old", "ann", "a", START));
        attribution.expose(exposure("own", "ann", "a", START + HOUR));

        assertThat(account("clicks")).isEqualTo(account(1, 0, "attributed", 1));
    }

    @Test
    void clickWithoutExposureIdIsLateIfOnlyAnOldExposureIsKnown() {
        attribution.expose(exposure("old", "ann", "a", START));
        attribution.click(anonymous("c", START + HOUR));

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
    void removedUserLeavesNothingBehind() {
        attribution.profile(profile("ann", START, "young"));
        attribution.expose(exposure("e", "ann", "a", START));
        attribution.click(click("w", "ann", "b", "unknown", START));
        attribution.expose(exposure("late", "ann", "c", START - HOUR)); // its window ended before it came

        attribution.removeUser("ann");

        assertThat(kinds()).containsOnly("T"); // timers, which name nobody
        assertThat(removed).containsExactly("ann");
        assertThat(account("exposures")).isEqualTo(account(2, 0, "erased", 2));
        assertThat(account("clicks")).isEqualTo(account(1, 0, "erased", 1));
    }

    @Test
    void aClockThatIsSetBackRejectsNothingThatWasCredibleBefore() {
        long credible = attribution.latestCredible(START + HOUR);

        long setBack = attribution.latestCredible(START - 24 * HOUR);

        assertThat(setBack).isEqualTo(credible).isEqualTo(START + 2 * HOUR); // an hour ahead is allowed
    }

    @Test
    void aUserWithoutAnEventForLongGoes() {
        attribution = attribution(Map.of("users.expire-after", "30d"));
        attribution.profile(profile("ann", START, "young"));
        showAndClick("bob", "a", START);
        showAndClick("bob", "b", START + 20 * 24 * HOUR);
        attribution.expose(exposure("seen", "cem", "a", START)); // never published, so that no one needs to hear of it

        advance(attribution, START + 31 * 24 * HOUR);

        assertThat(removed).containsExactly("ann");
        assertThat(users()).containsExactly("Ubob");
        advance(attribution, START + 51 * 24 * HOUR);
        assertThat(removed).containsExactly("ann", "bob");
        assertThat(everything()).isEmpty();
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
        assertThat(Objects.requireNonNull(latest.get("ann")).history()).containsExactly("b");
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
    void aClickThatWaitsAtTheEndOfItsUsersTimeStillFindsItsExposure() {
        attribution = attribution(Map.of("users.expire-after", "30d", "attribution.click-wait", "2d"));
        showAndClick("ann", "a", START);
        attribution.click(click("early", "ann", "b", "e-b", START + 30 * 24 * HOUR - HOUR));
        advance(attribution, START + 30 * 24 * HOUR + HOUR); // ann would go, but for the click that waits

        attribution.expose(exposure("e-b", "ann", "b", START + 30 * 24 * HOUR - HOUR - MINUTE));

        assertThat(examples).extracting(TrainingExample::id).containsExactly("c-a", "early");
    }

    @Test
    void clicksThatFoundNoExposureLeaveNothing() {
        attribution.click(click("c", "ann", "a", "never", START));

        advance(attribution, START + 25 * HOUR);

        assertThat(everything()).isEmpty();
    }

    @Test
    void anErasedUserLeavesATimerThatEndsInNothing() {
        attribution.profile(profile("ann", START, "young"));

        attribution.removeUser("ann");
        assertThat(kinds()).containsOnly("T"); // timers, which name nobody

        advance(attribution, START + 366 * 24 * HOUR);
        assertThat(everything()).isEmpty();
    }

    @Test
    void restoredAttributionGoesOnWhereTheOtherStood() {
        attribution.expose(exposure("e", "ann", "a", START));
        attribution = Commit.restarted(attribution, attribution(Map.of()));

        attribution.click(click("c", "ann", "a", "e", START + 1));
        advance(attribution, START + 40 * MINUTE);

        assertThat(account("exposures")).isEqualTo(account(1, 0, "clicked", 1));
        assertThat(account("clicks")).isEqualTo(account(1, 0, "attributed", 1));
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
                (key, value) -> keys.add(new String(key, java.nio.charset.StandardCharsets.ISO_8859_1)));
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
        return attribution(entries, settings);
    }

    private Attribution attribution(MemoryEntries entriesOfIts, Map<String, String> settings) {
        return new Attribution(
                AttributionSettings.read(new SettingsReader(settings)), entriesOfIts, new Attribution.Output() {
                    @Override
                    public void example(TrainingExample example) {
                        examples.add(example);
                    }

                    @Override
                    public void userFeatures(UserFeatures user) {
                        latest.put(user.user(), user);
                    }

                    @Override
                    public void userRemoved(String user) {
                        removed.add(user);
                    }
                });
    }

    private Books.Account account(String topic) {
        return attribution.books().accounts().getOrDefault(topic, Books.Account.EMPTY);
    }

    private static Books.Account account(long received, long waiting, String outcome, long count) {
        return new Books.Account(received, waiting, new java.util.TreeMap<>(Map.of(outcome, count)));
    }

    private static void advance(Attribution attribution, long time) {
        attribution.advance(time, time);
    }

    private static Exposure exposure(String id, String user, String item, long time) {
        return new Exposure(id, user, item, time, 0, Features.NONE);
    }

    private static Click click(String id, String user, String item, String exposure, long time) {
        return new Click(id, user, item, Optional.of(exposure), "click", 1, time, 0, Features.NONE);
    }

    private static Click anonymous(String id, long time) {
        return new Click(id, "ann", "a", Optional.empty(), "click", 1, time, 0, Features.NONE);
    }

    private static UserProfile profile(String user, long time, String age) {
        return new UserProfile(user, time, Features.of(Map.of("age", new FeatureValue.Category(age))));
    }
}
