package dev.millrace.attribute;

import static dev.millrace.attribute.AttributionScene.exposure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.event.Click;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClickWeightsTest {

    private static final long START = 1_700_000_000_000L;

    private final AttributionScene scene = new AttributionScene();
    private final MemoryEntries entries = new MemoryEntries();
    private Attribution attribution = attribution(Map.of());
    private int clicks;

    @Test
    void actionsWeighWhatTheirSettingsSay() {
        attribution = attribution(Map.of("attribution.weight.buy", "2.5", "attribution.weight.hide", "0.5"));

        assertThat(weight("ann", "buy", 1, Features.NONE)).isEqualTo(2.5);
        assertThat(weight("bob", "buy", 0.4, Features.NONE)).isEqualTo(1); // 0.4 · 2.5
        assertThat(weight("cid", "click", 1, Features.NONE)).isEqualTo(1);
        assertThat(weight("dan", "hide", 1, Features.NONE)).isEqualTo(0.5);
        assertThat(weight("eve", "buy", 9, Features.NONE)).isEqualTo(3); // attribution.cap.user-item
    }

    @Test
    void numbersWeighTheirLogarithm() {
        List.of(1.0, 2.0, 4.0, 8.0).forEach(this::honest);

        // the median of 1, 2, 4, 8, 28 is 4, and nine tenths of five are all: log2(1 + 28 / 4) = 3, log2(1 + 4 / 4) = 1
        assertThat(weight("ann", 28)).isCloseTo(3, within(1e-12));
        assertThat(weight("ann", 4)).isEqualTo(1); // of 1, 2, 4, 4, 8
    }

    @Test
    void numbersAreCutAtThe90thPercentile() {
        IntStream.rangeClosed(1, 18).forEach(this::honest);
        honest(60);

        // of 1 to 18, 60 and this one the 10th is the median, and the 18th has 90 % up to it: log2(1 + 18 / 10)
        assertThat(weight("ann", 1e30)).isCloseTo(Math.log(2.8) / Math.log(2), within(1e-12));
    }

    @Test
    void onlyPositivesWithNumberWeighByIt() {
        IntStream.rangeClosed(1, 9).forEach(this::honest);

        assertThat(weight("ann", "click", 1, Features.NONE)).isEqualTo(1);
        Features text = Features.of(Map.of("seconds", new FeatureValue.Category("9")));
        assertThat(weight("bob", "click", 1, text)).isEqualTo(1);
        assertThat(weight("cid", "hide", 1, seconds(1))).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "1e-3"})
    void nextToNothingMakesNoExample(double number) {
        IntStream.rangeClosed(1, 9).forEach(this::honest);
        scene.examples.clear();

        click("ann", "click", 1, seconds(number));

        assertThat(scene.examples).isEmpty();
        assertThat(Books.Account.of(InputTopic.CLICKS, attribution.books().accounts())
                        .outcomes())
                .isEqualTo(Map.of("attributed", 9L, "capped", 1L));
    }

    @Test
    void whatWasShownKeepsItsContext() {
        attribution = attribution(Map.of("attribution.mode", "exposures"));
        attribution.expose(exposure("e", "ann", "a", START));

        attribution.click(new Click("c", "ann", "a", Optional.of("e"), "click", 1, START + 1, 0, seconds(7)));

        assertThat(scene.examples).singleElement().satisfies(made -> {
            assertThat(made.weight()).isEqualTo(1); // the only number is the median
            assertThat(made.context()).isEqualTo(Features.NONE);
        });
    }

    /** A state of an earlier build takes the setting over, and has a click but no number. */
    @Test
    void clickThatWaitedSinceBeforeTheSettingWeighsOne() {
        Map<String, String> joined = Map.of("attribution.mode", "exposures");
        Attribution before = scene.attribution(entries, joined);
        before.click(new Click("c", "ann", "a", Optional.of("e"), "click", 1, START + 1, 0, seconds(7)));
        before.drainDirty(entries);
        attribution = attribution(joined);
        attribution.restoreFrom(entries);

        attribution.expose(exposure("e", "ann", "a", START));

        assertThat(scene.examples).singleElement().satisfies(made -> assertThat(made.weight())
                .isEqualTo(1));
    }

    @Test
    void floodOfOneUserHasOneVoice() {
        IntStream.rangeClosed(1, 99).forEach(this::honest);

        IntStream.range(0, 10_000).forEach(at -> click("flood", "click", 1, seconds(1e30)));

        // of 1 to 99, 1e30 and this one the 51st is the median and the 91st the cap, as with any other hundredth user
        assertThat(weight("ann", 1e9)).isCloseTo(Math.log(1 + 91 / 51.) / Math.log(2), within(1e-12));
    }

    /** The least and the most that ten of 255 accounts can make of a click, as docs/reliability.md has it. */
    @ParameterizedTest
    @CsvSource({"1e30, 128, 230", "1e-30, 118, 220"})
    void tenAccountsMoveTheScaleByTheirShare(double said, int median, int cap) {
        IntStream.rangeClosed(1, 244).forEach(this::honest);
        IntStream.range(0, 10).forEach(at -> click("many" + at, "click", 1, seconds(said)));

        double weight = weight("ann", 1e9); // the greatest of the honest ones, or behind ten

        // without the ten: of 245 the 123rd is the median and the 221st the cap
        assertThat(weight).isCloseTo(Math.log(1 + (double) cap / median) / Math.log(2), within(1e-12));
    }

    @Test
    void erasedUsersHaveNoVoice() {
        List.of(1.0, 2.0, 4.0).forEach(this::honest);

        attribution.removeUser("honest2.0");
        attribution.removeUser("honest4.0");

        assertThat(weight("ann", 1)).isEqualTo(1); // of 1, 1
        assertThat(voices()).isEqualTo(2);
    }

    @Test
    void usersWhoExpireHaveNoVoice() {
        honest(1);

        attribution.advance(START + 366 * 86_400_000L, START + 366 * 86_400_000L);

        assertThat(voices()).isZero();
    }

    @Test
    void stateHasNothingOfItWithoutTheSetting() {
        attribution = new Attribution(
                AttributionSettings.read(new SettingsReader(Map.of("attribution.mode", "clicks-only"))),
                entries,
                scene);

        click("ann", "click", 1, seconds(5));

        assertThat(voices()).isZero();
        assertThat(scene.examples.get(0).weight()).isEqualTo(1);
    }

    /** 700 users, so that the first of 255 have gone, some of whom come back. */
    @Property(tries = 30)
    void weightsAreAsTheSlowTwinHasThem(
            @ForAll @Size(min = 1, max = 800) List<@IntRange(min = 0, max = 699) Integer> users) {
        MemoryEntries stored = new MemoryEntries();
        AttributionScene found = new AttributionScene();
        Attribution weighing = attribution(Map.of(), stored, found);
        LinkedHashMap<String, Double> last = new LinkedHashMap<>();
        int many = users.size() % 2 == 0 ? 700 : 7;
        for (int at = 0; at < users.size(); at++) {
            String user = "u" + users.get(at) % many;
            double number = 1 + StrictMath.pow(users.get(at) * 31 % 97, 3) / 1000;
            last.remove(user);
            last.put(user, number);
            if (last.size() > 255) {
                last.remove(last.keySet().iterator().next());
            }
            List<Double> sorted = new ArrayList<>(last.values());
            Collections.sort(sorted);
            double median = leastOf(sorted, 0.5);
            double expected = Math.log(1 + Math.min(number, leastOf(sorted, 0.9)) / median) / Math.log(2);
            found.examples.clear();

            weighing.click(
                    new Click("c" + at, user, "i" + at, Optional.empty(), "click", 1, START, 0, seconds(number)));

            assertThat(found.examples.isEmpty() ? 0 : found.examples.get(0).weight())
                    .isCloseTo(expected < 0.05 ? 0 : Math.min(expected, 3), within(1e-9));
            if (users.get(at) % 5 == 0) {
                weighing.drainDirty(stored);
                weighing = attribution(Map.of(), stored, found);
                weighing.restoreFrom(stored);
            }
        }
    }

    /** The least that at least a share of the numbers are not above. */
    private static double leastOf(List<Double> ascending, double share) {
        return ascending.stream()
                .filter(one ->
                        ascending.stream().filter(other -> other <= one).count() >= share * ascending.size() - 1e-9)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void weightsBeyondTheCapsAreRefused() {
        SettingsReader reader = new SettingsReader(Map.of(
                "attribution.actions", "click,buy,from",
                "attribution.weight.click", "3",
                "attribution.weight.buy", "3.5",
                "attribution.weight.hide", "2",
                "attribution.weight.from", "price"));

        AttributionSettings settings = AttributionSettings.read(reader);

        assertThatThrownBy(reader::finish).isInstanceOfSatisfying(InvalidSettingsException.class, thrown -> assertThat(
                        thrown.faults())
                .hasSize(2)
                .anyMatch(fault -> fault.toString().startsWith("attribution.weight.buy = 3.5: must be at most"))
                .anyMatch(fault -> fault.toString().startsWith("attribution.weight.hide = 2: is not a setting")));
        assertThat(settings.weights().of("from")).isEqualTo(1);
        assertThat(settings.weights().number()).contains("price");
    }

    private void honest(double number) {
        click("honest" + number, "click", 1, seconds(number));
    }

    private double weight(String user, double number) {
        return weight(user, "click", 1, seconds(number));
    }

    private double weight(String user, String action, double own, Features context) {
        scene.examples.clear();
        click(user, action, own, context);
        return scene.examples.get(0).weight();
    }

    private void click(String user, String action, double own, Features context) {
        String id = "c" + clicks++;
        attribution.click(new Click(id, user, "i" + id, Optional.empty(), action, own, START, 0, context));
    }

    private static Features seconds(double number) {
        return Features.of(Map.of("seconds", new FeatureValue.Quantity(number)));
    }

    private int voices() {
        attribution.drainDirty(entries);
        int[] count = {0};
        byte[] kind = {EntryKeys.VOICE, EntryKeys.NUMBER};
        entries.scan(kind, EntrySource.behind(kind), (key, value) -> ++count[0] > 0);
        return count[0];
    }

    private Attribution attribution(Map<String, String> more) {
        return attribution(more, entries, scene);
    }

    private static Attribution attribution(Map<String, String> more, MemoryEntries entries, AttributionScene scene) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "attribution.mode", "clicks-only",
                "attribution.actions", "click,buy",
                "attribution.negative-actions", "hide",
                "attribution.weight.from", "seconds"));
        settings.putAll(more);
        return scene.attribution(entries, settings);
    }
}
