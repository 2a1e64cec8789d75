package dev.millrace.popularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.Catalogues;
import dev.millrace.model.Scenes;
import dev.millrace.state.EntrySink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FastPopularityTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final long HOUR = 3_600_000;
    private static final FastPopularity.Settings SETTINGS =
            new FastPopularity.Settings(List.of(Duration.ofHours(6)), 0.1);
    private static final int ITEMS = 30;

    private final Catalogue catalogue = Catalogues.of(ITEMS);

    /** One half-life; several, of which each is a few times the next; several others. */
    static List<FastPopularity.Settings> settings() {
        return List.of(
                SETTINGS,
                new FastPopularity.Settings(
                        List.of(Duration.ofDays(1), Duration.ofHours(6), Duration.ofHours(2), Duration.ofMinutes(30)),
                        0.1),
                new FastPopularity.Settings(List.of(Duration.ofDays(7), Duration.ofHours(7), Duration.ofHours(2)), 5),
                new FastPopularity.Settings(
                        List.of(Duration.ofDays(1), Duration.ofHours(6), Duration.ofHours(6)), List.of(0.5, 5.0, 0.5)));
    }

    @Test
    void clickWeighsHalfAfterTheHalfLife() {
        Catalogue two = Catalogues.of("a", "b");
        FastPopularity popularity = new FastPopularity(SETTINGS, 'F', two);
        popularity.observe(List.of(click("a", TIME), click("a", TIME), click("b", TIME + 6 * HOUR)));

        // a: 2 / 2 = 1, b: 1; epsilon .1
        assertThat(popularity.number(0, TIME + 6 * HOUR, 0)).isCloseTo(Math.log(1 + 1 / 0.1), within(1e-12));
        assertThat(popularity.number(1, TIME + 6 * HOUR, 0)).isCloseTo(Math.log(1 + 1 / 0.1), within(1e-12));
        assertThat(popularity.number(Catalogue.NO_NUMBER, TIME + 6 * HOUR, 0)).isZero();
    }

    @ParameterizedTest
    @MethodSource("settings")
    void agreesWithTheSumOverAllClicksWhateverTheirOrder(FastPopularity.Settings settings) {
        SplittableRandom random = new SplittableRandom(5);
        FastPopularity popularity = new FastPopularity(settings, 'F', catalogue);
        List<TrainingExample> clicks = new ArrayList<>();
        for (int step = 0; step < 40; step++) {
            List<TrainingExample> batch = drawn(random, step);
            popularity.observe(batch);
            clicks.addAll(batch);
        }
        long now = TIME + 41 * HOUR;

        double[] numbers = new double[settings.halfLives().size()];
        Arrays.fill(numbers, 7); // of another item
        for (int item = 0; item < ITEMS; item++) {
            String id = "i" + item;
            popularity.numbers(item, now, numbers);
            for (int which = 0; which < numbers.length; which++) {
                Duration halfLife = settings.halfLives().get(which);
                assertThat(numbers[which])
                        .as("%s by %s", id, halfLife)
                        .isCloseTo(
                                FastPopularityReference.number(
                                        clicks,
                                        id,
                                        now,
                                        halfLife,
                                        settings.priors().get(which)),
                                within(1e-9))
                        .isEqualTo(popularity.number(item, now, which));
            }
        }
        assertThat(popularity.number(0, now, 0)).isPositive();
        assertThat(popularity.number(ITEMS - 1, now, 0)).isZero();
    }

    /** Over eleven years, with removals and restarts. */
    @ParameterizedTest
    @MethodSource("settings")
    void clicksAreCountedHoweverLongAgo(FastPopularity.Settings settings) {
        SplittableRandom random = new SplittableRandom(7);
        FastPopularity popularity = new FastPopularity(settings, 'F', catalogue);
        Map<String, Double> expected = new HashMap<>();
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        for (int step = 0; step < 100; step++) {
            List<TrainingExample> batch = drawn(random, 1_000 * (step % 2 == 0 ? step : random.nextInt(100)));
            popularity.observe(batch);
            batch.forEach(click -> expected.merge(click.item(), 1.0, Double::sum));
            if (step % 9 == 0) {
                replace(popularity, "i" + step % ITEMS);
                expected.remove("i" + step % ITEMS);
            }
            if (step % 30 == 29) {
                popularity.drainDirty(EntrySink.into(stored));
                popularity = new FastPopularity(settings, 'F', catalogue);
                stored.forEach(popularity::restore);
            }
        }

        for (int item = 0; item < ITEMS; item++) {
            String id = "i" + item;
            assertThat(popularity.clicks(Catalogues.number(catalogue, id)))
                    .as(id)
                    .isEqualTo(expected.getOrDefault(id, 0.0));
        }
        assertThat(expected.values()).hasSizeBetween(10, ITEMS - 5).anyMatch(clicks -> clicks > 50);
    }

    @Test
    void oneNumberTellsLaterOnesUntilAClick() {
        FastPopularity popularity = new FastPopularity(SETTINGS, 'F', catalogue);
        popularity.observe(List.of(click("i0", TIME), click("i0", TIME + HOUR)));
        double read = popularity.number(0, TIME + 2 * HOUR, 0);

        for (int hours = 0; hours < 200; hours += 7) {
            assertThat(FastPopularity.later(read, hours / 6.0))
                    .isCloseTo(popularity.number(0, TIME + (2 + hours) * HOUR, 0), within(1e-9));
        }
    }

    /** Against a pass over all items, with removals, a restart, and times between takes from a second to a day. */
    @ParameterizedTest
    @MethodSource("settings")
    void whatCooledIsWhatAPassOverAllItemsFinds(FastPopularity.Settings settings) {
        SplittableRandom random = new SplittableRandom(4);
        FastPopularity popularity = new FastPopularity(settings, 'F', catalogue);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        double step = 0.1;
        long before = TIME;
        int cooled = 0;
        for (int at = 0; at < 400; at++) {
            if (random.nextInt(3) == 0) {
                popularity.observe(drawn(random, at % 40));
            }
            if (random.nextInt(10) == 0) {
                replace(popularity, "i" + random.nextInt(ITEMS));
            }
            if (at == 200) {
                popularity.drainDirty(EntrySink.into(stored));
                FastPopularity restored = new FastPopularity(settings, 'F', catalogue);
                stored.forEach(restored::restore);
                popularity = restored;
            }
            long now = before + 1_000 + random.nextLong(random.nextInt(20) == 0 ? 24 * HOUR : HOUR / 10);
            long from = before;
            FastPopularity present = popularity;
            List<String> byPass = IntStream.range(0, ITEMS)
                    .mapToObj(item -> "i" + item)
                    .filter(item -> IntStream.range(0, settings.halfLives().size())
                            .anyMatch(which ->
                                    Math.floor(present.number(Catalogues.number(catalogue, item), from, which) / step)
                                            != Math.floor(present.number(Catalogues.number(catalogue, item), now, which)
                                                    / step)))
                    .sorted()
                    .toList();

            List<String> found = popularity.cooled(from, now, step);

            assertThat(found).isEqualTo(byPass);
            cooled += found.size();
            before = now;
        }
        assertThat(cooled).isGreaterThan(200);
    }

    /** Removes an item, which comes back without clicks, under another number. */
    private void replace(FastPopularity popularity, String item) {
        Catalogues.remove(catalogue, item);
        popularity.remove(item);
        Catalogues.list(catalogue, item);
    }

    /** Eight clicks of an hour, not in order, each item the rarer the higher its number, the last five never. */
    private static List<TrainingExample> drawn(SplittableRandom random, int hour) {
        return IntStream.range(0, 8)
                .mapToObj(at -> click(
                        "i" + random.nextInt(1 + random.nextInt(ITEMS - 5)),
                        TIME + hour * HOUR + random.nextLong(2 * HOUR)))
                .toList();
    }

    private static TrainingExample click(String item, long time) {
        return Scenes.click("u", item, time);
    }
}
