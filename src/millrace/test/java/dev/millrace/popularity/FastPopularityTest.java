package dev.millrace.popularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.model.Scenes;
import dev.millrace.state.EntrySink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FastPopularityTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final long HOUR = 3_600_000;
    private static final FastPopularity.Settings SETTINGS = new FastPopularity.Settings(Duration.ofHours(6), 0.1);
    private static final int ITEMS = 30;

    @Test
    void clickWeighsHalfAfterTheHalfLife() {
        FastPopularity popularity = new FastPopularity(SETTINGS, 'F', id -> id);
        popularity.observe(List.of(click("a", TIME), click("a", TIME), click("b", TIME + 6 * HOUR)));

        // a: 2 / 2 = 1, b: 1; epsilon .1
        assertThat(popularity.number("a", TIME + 6 * HOUR)).isCloseTo(Math.log(1 + 1 / 0.1), within(1e-12));
        assertThat(popularity.number("b", TIME + 6 * HOUR)).isCloseTo(Math.log(1 + 1 / 0.1), within(1e-12));
        // of 4 items: (1 + .1) / (2 + .4)
        assertThat(Math.exp(popularity.logProbability("a", TIME + 6 * HOUR, 4))).isCloseTo(1.1 / 2.4, within(1e-12));
        assertThat(popularity.number("never", TIME + 6 * HOUR)).isZero();
    }

    @Test
    void agreesWithTheSumOverAllClicksWhateverTheirOrder() {
        SplittableRandom random = new SplittableRandom(5);
        FastPopularity popularity = new FastPopularity(SETTINGS, 'F', id -> id);
        List<TrainingExample> clicks = new ArrayList<>();
        for (int step = 0; step < 40; step++) {
            List<TrainingExample> batch = drawn(random, step);
            popularity.observe(batch);
            clicks.addAll(batch);
        }
        long now = TIME + 41 * HOUR;

        double sum = 0;
        for (int item = 0; item < ITEMS; item++) {
            String id = "i" + item;
            assertThat(popularity.logProbability(id, now, ITEMS))
                    .as(id)
                    .isCloseTo(Math.log(FastPopularityReference.probability(clicks, id, now, ITEMS)), within(1e-9));
            sum += Math.exp(popularity.logProbability(id, now, ITEMS));
        }
        assertThat(sum).isCloseTo(1, within(1e-9));
    }

    @Test
    void numberThatWasReadOnceTellsAllLaterNumbersUntilTheNextClick() {
        FastPopularity popularity = new FastPopularity(SETTINGS, 'F', id -> id);
        popularity.observe(List.of(click("a", TIME), click("a", TIME + HOUR)));
        double read = popularity.number("a", TIME + 2 * HOUR);

        for (int hours = 0; hours < 200; hours += 7) {
            assertThat(FastPopularity.later(read, hours / 6.0))
                    .isCloseTo(popularity.number("a", TIME + (2 + hours) * HOUR), within(1e-9));
        }
    }

    /** Against a pass over all items, with removals, a restart, and times between takes from a second to a day. */
    @Test
    void whatCooledIsWhatAPassOverAllItemsFinds() {
        SplittableRandom random = new SplittableRandom(4);
        FastPopularity popularity = new FastPopularity(SETTINGS, 'F', id -> id);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        double step = 0.1;
        long before = TIME;
        int cooled = 0;
        for (int at = 0; at < 400; at++) {
            if (random.nextInt(3) == 0) {
                popularity.observe(drawn(random, at % 40));
            }
            if (random.nextInt(10) == 0) {
                popularity.remove("i" + random.nextInt(ITEMS));
            }
            if (at == 200) {
                popularity.drainDirty(EntrySink.into(stored));
                FastPopularity restored = new FastPopularity(SETTINGS, 'F', id -> id);
                stored.forEach(restored::restore);
                popularity = restored;
            }
            long now = before + 1_000 + random.nextLong(random.nextInt(20) == 0 ? 24 * HOUR : HOUR / 10);
            long from = before;
            FastPopularity present = popularity;
            List<String> byPass = IntStream.range(0, ITEMS)
                    .mapToObj(item -> "i" + item)
                    .filter(item -> Math.floor(present.number(item, from) / step)
                            != Math.floor(present.number(item, now) / step))
                    .sorted()
                    .toList();

            List<String> found = popularity.cooled(from, now, step);

            assertThat(found).isEqualTo(byPass);
            cooled += found.size();
            before = now;
        }
        assertThat(cooled).isGreaterThan(200);
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
