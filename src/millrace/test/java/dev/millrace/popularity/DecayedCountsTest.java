package dev.millrace.popularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.Catalogues;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.assertj.core.data.Offset;

class DecayedCountsTest {

    private static final double HALF_LIFE = 5;

    private static final int ITEMS = 200; // many times as many as there is room for at first

    /** The first, those that are no multiple of the next, and one of twenty times the next are decayed by a power. */
    private static final List<Double> HALF_LIVES = List.of(400.0, 100.0, 5.0, 3.0, 1.5, 0.5);

    private static final List<Boolean> BY_MULTIPLYING = List.of(false, true, false, false, true, true);

    private record Addition(double time, double amount) {}

    private final Catalogue catalogue = new Catalogue('C');

    @Example
    void countsAreDecayedSumsOfTheirAdditions() {
        Random random = new Random(3);
        DecayedCounts counts = new DecayedCounts('P', HALF_LIFE, catalogue);
        Map<String, List<Addition>> reference = new HashMap<>();

        for (int change = 0; change < 5_000; change++) {
            String item = "item-" + random.nextInt(ITEMS);
            if (random.nextInt(10) == 0) {
                Catalogues.remove(catalogue, item);
                reference.remove(item);
            } else {
                // mostly forwards, at times backwards
                Addition addition = new Addition(change / 50.0 - random.nextInt(4), random.nextInt(1, 4));
                counts.add(Catalogues.list(catalogue, item), addition.time, addition.amount);
                reference.computeIfAbsent(item, id -> new ArrayList<>()).add(addition);
            }
        }

        double end = 100;
        for (int number = 0; number < ITEMS; number++) {
            String item = "item-" + number;
            assertThat(counts.count(number(item), end))
                    .as(item)
                    .isEqualTo(sum(reference.getOrDefault(item, List.of()), end), within(1e-9));
        }
        assertThat(counts.numbers().mapToObj(catalogue::itemAt))
                .containsExactlyInAnyOrderElementsOf(reference.keySet());
    }

    /** To the bit where the decay is a power; decays that are made by multiplying round otherwise. Some restarts come between. */
    @Property(tries = 20)
    void halfLivesSideBySideCountAsEachDoesAlone(@ForAll Random random) {
        DecayedCounts together = new DecayedCounts('P', HALF_LIVES, catalogue);
        List<DecayedCounts> alone = HALF_LIVES.stream()
                .map(halfLife -> new DecayedCounts('P', halfLife, catalogue))
                .toList();
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);

        for (int change = 0; change < 3_000; change++) {
            String item = "item-" + random.nextInt(ITEMS);
            if (random.nextInt(10) == 0) {
                Catalogues.remove(catalogue, item);
            } else {
                double time = change / 100.0 - random.nextInt(3) * random.nextDouble();
                double amount = random.nextInt(1, 4);
                int listed = Catalogues.list(catalogue, item);
                together.add(listed, time, amount);
                alone.forEach(each -> each.add(listed, time, amount));
            }
            if (random.nextInt(500) == 0) {
                together.drainDirty(EntrySink.into(stored));
                together = new DecayedCounts('P', HALF_LIVES, catalogue);
                stored.forEach(together::restore);
            }
        }

        int counted = 0;
        for (int number = 0; number < ITEMS; number++) {
            int item = number("item-" + number);
            for (double time : new double[] {20, 30, 34.5}) { // 20: before the last additions
                counted += assertAgree(together, alone, item, time);
            }
        }
        assertThat(counted).isGreaterThan(ITEMS); // most items were not removed last
        assertThat(together.numbers())
                .containsExactlyElementsOf(alone.get(0).numbers().boxed().toList());
    }

    /** Returns 1 if the item has counts. */
    private static int assertAgree(DecayedCounts together, List<DecayedCounts> alone, int item, double time) {
        double[] found = new double[alone.size()];
        boolean hasCounts = together.counts(item, time, found);
        double[] expected =
                alone.stream().mapToDouble(each -> each.count(item, time)).toArray();
        for (int which = 0; which < found.length; which++) {
            double tolerance = BY_MULTIPLYING.get(which) ? 1e-12 * expected[which] : 0;
            assertThat(found[which])
                    .as("%s by %s", item, HALF_LIVES.get(which))
                    .isEqualTo(expected[which], Offset.offset(tolerance));
            assertThat(together.count(item, time, which)).isEqualTo(found[which]);
        }
        assertThat(together.stored(item)).isEqualTo(alone.get(0).stored(item));
        assertThat(together.asOf(item)).isEqualTo(alone.get(0).asOf(item));
        assertThat(hasCounts).isEqualTo(expected[0] > 0);
        return hasCounts ? 1 : 0;
    }

    @Property(tries = 20)
    void anEndlessHalfLifeSumsUp(@ForAll Random random) {
        List<Double> endlessToo = Stream.concat(Stream.of(Double.POSITIVE_INFINITY), HALF_LIVES.stream())
                .toList();
        DecayedCounts without = new DecayedCounts('P', HALF_LIVES, catalogue);
        DecayedCounts with = new DecayedCounts('P', endlessToo, catalogue);
        Map<String, Double> sums = new HashMap<>();
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);

        for (int change = 0; change < 1_000; change++) {
            String item = "item-" + random.nextInt(ITEMS);
            double time = change / 10.0 - random.nextInt(3) * random.nextDouble();
            double amount = random.nextInt(1, 4);
            without.add(Catalogues.list(catalogue, item), time, amount);
            with.add(number(item), time, amount);
            sums.merge(item, amount, Double::sum);
            if (random.nextInt(300) == 0) {
                with.drainDirty(EntrySink.into(stored));
                with = new DecayedCounts('P', endlessToo, catalogue);
                stored.forEach(with::restore);
            }
        }

        double[] expected = new double[HALF_LIVES.size()];
        double[] found = new double[endlessToo.size()];
        for (Map.Entry<String, Double> sum : sums.entrySet()) {
            int item = number(sum.getKey());
            for (double time : new double[] {50, 101, 1e9}) { // 50: before the last additions
                assertThat(with.counts(item, time, found)).isEqualTo(without.counts(item, time, expected));
                assertThat(found[0]).isEqualTo(sum.getValue()).isEqualTo(with.count(item, time));
                assertThat(Arrays.copyOfRange(found, 1, found.length)).isEqualTo(expected);
            }
            assertThat(with.asOf(item)).isEqualTo(without.asOf(item));
        }
    }

    @Example
    void theOrderOfEventsMovesNoCountByMoreThanItsRounding() {
        DecayedCounts forwards = new DecayedCounts('P', HALF_LIVES, catalogue);
        DecayedCounts backwards = new DecayedCounts('P', HALF_LIVES, catalogue);
        List<Double> times = new Random(5).doubles(200, 0, 30).boxed().sorted().toList();

        int item = Catalogues.list(catalogue, "a");
        times.forEach(time -> forwards.add(item, time, 1));
        IntStream.range(0, times.size())
                .map(at -> times.size() - 1 - at)
                .forEach(at -> backwards.add(item, times.get(at), 1));

        for (int which = 0; which < HALF_LIVES.size(); which++) {
            double halfLife = HALF_LIVES.get(which);
            double expected = times.stream()
                    .mapToDouble(time -> StrictMath.pow(0.5, (31 - time) / halfLife))
                    .sum();
            for (DecayedCounts each : List.of(forwards, backwards)) {
                assertThat(each.count(item, 31, which)).isEqualTo(expected, Offset.offset(1e-12 * expected));
            }
        }
    }

    @Example
    void anItemThatComesBackBeginsAnewByEveryHalfLife() {
        DecayedCounts counts = new DecayedCounts('P', HALF_LIVES, catalogue);
        Stream.of("a", "b", "gone").forEach(item -> counts.add(Catalogues.list(catalogue, item), 1, 7));
        Catalogues.remove(catalogue, "gone");

        counts.add(Catalogues.list(catalogue, "gone"), 2, 1);

        double[] found = new double[HALF_LIVES.size()];
        assertThat(counts.counts(number("gone"), 2, found)).isTrue();
        assertThat(found).containsOnly(1);
    }

    @Example
    void refusesCountsByAnotherNumberOfHalfLives() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        DecayedCounts counts = new DecayedCounts('P', HALF_LIFE, catalogue);
        counts.add(Catalogues.list(catalogue, "a"), 1, 1);
        counts.drainDirty(EntrySink.into(stored));

        assertThat(stored).isNotEmpty();
        stored.forEach((key, value) -> assertThatThrownBy(
                        () -> new DecayedCounts('P', HALF_LIVES, catalogue).restore(key, value))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessage("counts by 1 half-lives, must be " + HALF_LIVES.size()));
    }

    private int number(String item) {
        return Catalogues.number(catalogue, item);
    }

    private static double sum(List<Addition> additions, double end) {
        return additions.stream()
                .mapToDouble(addition -> addition.amount * StrictMath.pow(0.5, (end - addition.time) / HALF_LIFE))
                .sum();
    }
}
