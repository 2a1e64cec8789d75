package dev.millrace.popularity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.Catalogues;
import dev.millrace.state.EntrySink;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class RecentItemsTest {

    private static final int MOST = 8;

    private final Catalogue catalogue = new Catalogue('C');
    private final DecayedCounts counts = new DecayedCounts('F', 6, catalogue);
    private final RecentItems recent = new RecentItems(counts, catalogue, MOST);

    /** Of a few items, which are all kept, and of many more. */
    @Property(tries = 60)
    void theyAreThoseThatAScanOfAllLastClicksFinds(@ForAll Random random) {
        int items = random.nextBoolean() ? MOST + 2 : 5 * MOST;
        DecayedCounts present = new DecayedCounts('F', 6, catalogue);
        RecentItems kept = new RecentItems(present, catalogue, MOST);
        Map<String, Double> lastClicks = new HashMap<>();
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);

        for (int change = 0; change < 600; change++) {
            String item = "i" + random.nextInt(items);
            switch (random.nextInt(12)) {
                case 0, 1 -> {
                    Catalogues.remove(catalogue, item);
                    kept.remove(item);
                    lastClicks.remove(item);
                }
                case 2 -> {
                    present.drainDirty(EntrySink.into(stored));
                    present = new DecayedCounts('F', 6, catalogue);
                    kept = new RecentItems(present, catalogue, MOST);
                    stored.forEach(present::restore);
                    kept.forget();
                }
                default -> {
                    // whole hours, so that many are equal; every third one is late
                    int late = random.nextInt(3) == 0 ? random.nextInt(20) : 0;
                    double time = Math.max(1, change / 10 - late);
                    click(present, kept, item, time);
                    lastClicks.merge(item, time, Math::max);
                }
            }
            if (random.nextInt(3) > 0) { // at times several changes come between two questions
                assertThat(kept.items()).isEqualTo(scan(lastClicks));
            }
        }
    }

    @Example
    void whenOneOfThemIsRemovedTheNextOneComesBack() {
        for (int item = 0; item < MOST + 3; item++) {
            click(counts, recent, "i" + item, 1 + item);
        }
        assertThat(recent.items()).hasSize(MOST).doesNotContain("i2");

        Catalogues.remove(catalogue, "i7");
        recent.remove("i7");

        // i0 to i10 were clicked in this order
        assertThat(recent.items()).containsExactly("i10", "i9", "i8", "i6", "i5", "i4", "i3", "i2");
    }

    @Example
    void aLateClickLeavesAnItemInItsPlace() {
        click(counts, recent, "a", 5);
        click(counts, recent, "b", 6);

        click(counts, recent, "a", 2);

        assertThat(recent.items()).containsExactly("b", "a");
    }

    private void click(DecayedCounts counts, RecentItems recent, String item, double time) {
        int number = Catalogues.list(catalogue, item);
        double before = counts.asOf(number);
        counts.add(number, time, 1);
        recent.clicked(number, before);
    }

    /** The slow, obvious twin. */
    private static List<String> scan(Map<String, Double> lastClicks) {
        return lastClicks.entrySet().stream()
                .sorted(Map.Entry.<String, Double>comparingByValue()
                        .thenComparing(Map.Entry.comparingByKey())
                        .reversed())
                .limit(MOST)
                .map(Map.Entry::getKey)
                .toList();
    }
}
