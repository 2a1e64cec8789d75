package dev.millrace.attribute;

import static dev.millrace.attribute.AttributionScene.click;
import static dev.millrace.attribute.AttributionScene.exposure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.event.Click;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ContributionsTest {

    private static final long START = 1_700_000_000_000L;
    private static final long DAY = 86_400_000;

    @Test
    void clicksCountWholeUpToHalfTheCapAndThenLessAndLess() {
        List<Double> weights = weights(clicks(5, "ann", "a", 0), Map.of());

        // the cap is 3: 1, 1, 2 (1 − 2/3) = 2/3, 2 (1 − (2 + 2/3)/3) = 2/9, …: a third of the one before, 3 together
        assertThat(weights.get(0)).isEqualTo(1);
        assertThat(weights.get(1)).isEqualTo(1);
        assertThat(weights.get(2)).isCloseTo(2 / 3., within(1e-12));
        assertThat(weights.get(3)).isCloseTo(2 / 9., within(1e-12));
        assertThat(weights.get(4)).isCloseTo(2 / 27., within(1e-12)); // the next one would count 2/81, less than 0.05
        assertThat(weights(clicks(9, "ann", "a", 0), Map.of())).hasSize(5);
    }

    @Test
    void afterHalfLivesClicksCountAgain() {
        List<Click> clicks = clicks(3, "ann", "a", 0);
        clicks.add(click("late", "ann", "a", START + DAY));

        // after three clicks c = 2 + 2/3, a day later half of it: 2 (1 − (4/3)/3) = 10/9, so whole
        assertThat(weights(clicks, Map.of()).get(3)).isEqualTo(1);
    }

    @Test
    void manyItemsMeetTheCapOfTheUser() {
        List<Click> clicks = new ArrayList<>();
        for (int at = 0; at < 5000; at++) {
            clicks.add(click("c" + at, "ann", "i" + at % (Contributions.MOST_ITEMS + 1), START));
        }

        List<Double> weights = weights(clicks, Map.of());

        assertThat(sum(weights)).isLessThanOrEqualTo(1000);
        assertThat(weights.subList(0, 501)).allMatch(weight -> weight == 1);
    }

    @Test
    void noOtherItemsMakeOneCountAnew() {
        Map<String, Double> counted = new TreeMap<>();
        AttributionScene scene = new AttributionScene();
        Attribution attribution = attribution(new MemoryEntries(), Map.of("attribution.cap.user", "1000000"), scene);
        for (int at = 0; at < 4 * Contributions.MOST_ITEMS; at++) {
            attribution.click(click("target" + at, "ann", "target", START));
            attribution.click(
                    new Click("c" + at, "ann", "i" + at, Optional.empty(), "click", 0.05, START, 0, Features.NONE));
        }

        scene.examples.forEach(example -> counted.merge(example.item(), example.weight(), Double::sum));
        assertThat(counted.get("target")).isLessThanOrEqualTo(3);
        assertThat(counted).hasSizeGreaterThan(2 * Contributions.MOST_ITEMS); // others went on counting
    }

    @Test
    void whatIsDisplacedLeavesItsSumToTheNext() {
        List<Click> clicks = new ArrayList<>();
        for (int at = 0; at <= Contributions.MOST_ITEMS; at++) {
            clicks.add(click("c" + at, "ann", "i" + at, START));
        }
        clicks.add(click("again", "ann", "i" + Contributions.MOST_ITEMS, START));

        List<Double> weights = weights(clicks, Map.of("attribution.cap.user", "1000000"));

        // the last item began at 1, and its second click finds 2: 2 (1 − 2/3)
        assertThat(weights.get(Contributions.MOST_ITEMS)).isEqualTo(1);
        assertThat(weights.get(Contributions.MOST_ITEMS + 1)).isCloseTo(2 / 3., within(1e-12));
    }

    @Test
    void anOldDateLeavesNoMoreRoom() {
        List<Click> clicks = new ArrayList<>();
        for (int at = 0; at < 20; at++) {
            clicks.add(click("c" + at, "ann", "a", START - at * DAY));
        }

        assertThat(sum(weights(clicks, Map.of()))).isLessThanOrEqualTo(3);
    }

    @Test
    void datesOneAfterAnotherFindOneBudget() {
        List<Click> clicks = new ArrayList<>();
        for (String user : List.of("bob", "cid", "dan")) { // so that the time is theirs
            clicks.add(click("c", user, "b", START));
        }
        for (int at = 40; at > 0; at--) {
            clicks.add(click("c" + at, "ann", "a", START - at * DAY));
        }

        // all count as of the time at which they came: 1, 1, 2/3, 2/9, 2/27
        assertThat(weights(clicks, Map.of())).hasSize(3 + 5);
    }

    @Test
    void withoutCapsEveryClickCountsWholeAndNothingIsStored() {
        MemoryEntries entries = new MemoryEntries();

        List<Double> weights = weights(
                clicks(9, "ann", "a", 0),
                Map.of("attribution.cap.user-item", "0", "attribution.cap.user", "0"),
                entries);

        assertThat(weights).containsOnly(1.0);
        assertThat(contributions(entries)).isZero();
    }

    @Test
    void aHeavyClickUsesTheCapUpAsManyLightOnesDo() {
        List<Click> clicks = new ArrayList<>(List.of(weighing(6, "a0"), weighing(1, "a1")));
        clicks.add(click("b", "ann", "b", START));

        // min(6, 3 − 0); nothing is left for the second
        assertThat(weights(clicks, Map.of())).containsExactly(3.0, 1.0);
    }

    @Test
    void lightClicksAreCappedByTheirWeight() {
        List<Click> clicks = new ArrayList<>();
        for (int at = 0; at < 1000; at++) {
            clicks.add(weighing(0.25, "c" + at));
        }

        List<Double> weights = weights(clicks, Map.of());

        assertThat(weights.subList(0, 7)).containsOnly(0.25); // the seventh finds 1.5, half of the cap
        assertThat(weights.get(7)).isCloseTo(0.25 * 2 * (1 - 1.75 / 3), within(1e-12));
        assertThat(sum(weights)).isLessThanOrEqualTo(3);
    }

    @Test
    void aClickThatCountsNextToNothingMakesNoExample() {
        assertThat(weights(List.of(weighing(0.049, "a"), weighing(0.05, "b")), Map.of()))
                .containsExactly(0.05);
    }

    @Test
    void weightsAreCutAtTheLargestAndBooked() {
        AttributionScene scene = new AttributionScene();
        Attribution attribution = attribution(
                new MemoryEntries(), Map.of("attribution.cap.user-item", "0", "attribution.cap.user", "0"), scene);

        attribution.click(weighing(1e6, "a"));
        attribution.click(weighing(10, "b"));

        assertThat(scene.examples).extracting(TrainingExample::weight).containsExactly(10.0, 10.0);
        assertThat(outcomes(attribution, InputTopic.CLICKS))
                .isEqualTo(Map.of("attributed", 1L, "attributed: cut weight", 1L));
    }

    @Test
    void aCappedClickAnswersItsExposureAndEntersTheHistory() {
        AttributionScene scene = new AttributionScene();
        Attribution attribution = attribution(new MemoryEntries(), Map.of("attribution.mode", "exposures"), scene);
        for (int at = 0; at < 6; at++) {
            attribution.expose(exposure("e" + at, "ann", "a", START + at));
            attribution.click(click("c" + at, "ann", "a", START + at));
        }
        attribution.expose(exposure("last", "ann", "b", START + 9));
        attribution.click(click("last", "ann", "b", START + 9));

        attribution.advance(START + DAY, START + DAY);

        assertThat(scene.examples).hasSize(6);
        assertThat(scene.examples.get(5).user().history()).containsExactly("a");
        // log(1 + n) of six clicks, all but not decayed
        assertThat(scene.examples
                        .get(5)
                        .user()
                        .features()
                        .value("millrace.clicks")
                        .orElseThrow())
                .isInstanceOfSatisfying(FeatureValue.Quantity.class, clicks -> assertThat(clicks.value())
                        .isCloseTo(StrictMath.log1p(6), within(1e-6)));
        assertThat(outcomes(attribution, InputTopic.CLICKS)).isEqualTo(Map.of("attributed", 6L, "capped", 1L));
        assertThat(outcomes(attribution, InputTopic.EXPOSURES)).isEqualTo(Map.of("clicked", 7L));
    }

    @Test
    void unclickedExposuresAreCappedAmongThemselves() {
        AttributionScene scene = new AttributionScene();
        Attribution attribution = attribution(
                new MemoryEntries(),
                Map.of("attribution.mode", "exposures", "negatives.exposed", "1", "negatives.exposed.sample", "1"),
                scene);
        for (int at = 0; at < 100; at++) {
            attribution.expose(exposure("e" + at, "ann", "a", START));
        }

        attribution.advance(START + DAY, START + DAY);

        assertThat(scene.examples).hasSize(5).noneMatch(TrainingExample::isPositive);
        assertThat(scene.examples.stream().mapToDouble(TrainingExample::weight).sum())
                .isLessThanOrEqualTo(3);
    }

    /** Whatever others do, and whenever the process starts again, as long as no click is later than a window and a wait. */
    @Property(tries = 100)
    void aWeightIsAFunctionOfTheUsersOwnClicks(
            @ForAll @Size(max = 60) List<@IntRange(min = 0, max = 59) Integer> drawn, @ForAll boolean restarts) {
        List<Click> all = new ArrayList<>();
        for (int at = 0; at < drawn.size(); at++) {
            int of = drawn.get(at);
            long late = of * 30_000L; // half an hour at most
            all.add(click("c" + at, "u" + of % 3, "i" + of / 3 % 4, START + at * 3_600_000L - late));
        }
        Map<String, Double> together = new TreeMap<>();
        MemoryEntries entries = new MemoryEntries();
        AttributionScene scene = new AttributionScene();
        Attribution attribution = attribution(entries, Map.of(), scene);
        for (Click click : all) {
            if (restarts) {
                attribution = Commit.restarted(attribution, attribution(entries, Map.of(), scene));
            }
            attribution.click(click);
        }
        scene.examples.forEach(example -> together.put(example.id(), example.weight()));

        Map<String, Double> alone = new TreeMap<>();
        for (int user = 0; user < 3; user++) {
            String name = "u" + user;
            AttributionScene own = new AttributionScene();
            Attribution ofOne = attribution(new MemoryEntries(), Map.of(), own);
            all.stream().filter(click -> click.user().equals(name)).forEach(ofOne::click);
            own.examples.forEach(example -> alone.put(example.id(), example.weight()));
        }

        assertThat(together).isEqualTo(alone);
        assertThat(together.values()).allMatch(weight -> weight >= ContributionCaps.LEAST && weight <= 1);
    }

    private static int contributions(MemoryEntries entries) {
        int[] found = {0};
        entries.scan(new byte[] {EntryKeys.CLICKED}, new byte[] {EntryKeys.CLICKED + 1}, (key, value) -> {
            found[0]++;
            return true;
        });
        return found[0];
    }

    private static List<Click> clicks(int count, String user, String item, long apart) {
        List<Click> clicks = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            clicks.add(click("c" + at, user, item, START + at * apart));
        }
        return clicks;
    }

    private static Click weighing(double weight, String id) {
        return new Click(id, "ann", "a", Optional.empty(), "click", weight, START, 0, Features.NONE);
    }

    private static Map<String, Long> outcomes(Attribution attribution, InputTopic topic) {
        return Books.Account.of(topic, attribution.books().accounts()).outcomes();
    }

    private static double sum(List<Double> weights) {
        return weights.stream().mapToDouble(weight -> weight).sum();
    }

    private static List<Double> weights(List<Click> clicks, Map<String, String> settings) {
        return weights(clicks, settings, new MemoryEntries());
    }

    private static List<Double> weights(List<Click> clicks, Map<String, String> settings, MemoryEntries entries) {
        AttributionScene scene = new AttributionScene();
        Attribution attribution = attribution(entries, settings, scene);
        clicks.forEach(attribution::click);
        Commit.of(attribution);
        return scene.examples.stream().map(TrainingExample::weight).toList();
    }

    /** Of clicks alone unless the settings say otherwise. */
    private static Attribution attribution(
            MemoryEntries entries, Map<String, String> settings, AttributionScene scene) {
        Map<String, String> all = new TreeMap<>(Map.of("attribution.mode", "clicks-only"));
        all.putAll(settings);
        return scene.attribution(entries, all);
    }
}
