package dev.millrace.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.catalogue.Catalogues;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.MovedItems;
import dev.millrace.model.Scenes;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublicationPlanTest {

    private static final long SECOND = 1_000;

    private final Catalogue catalogue = new Catalogue('C');
    private final Map<String, Long> publishedAt = new HashMap<>();
    private final Map<String, Long> publishedTime = new HashMap<>();
    private final Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
    private long step;
    private long time = 1_700_000_000_000L;

    /** The vectors behind the oldest ones leave: fewer are left, and as many are ahead of the next in turn. */
    @ParameterizedTest
    @ValueSource(strings = {"20", "auto"})
    void noVectorIsOlderThanItsBound(String bound) {
        for (long seed = 1; seed <= 5; seed++) {
            Random random = new Random(seed);
            List.copyOf(publishedAt.keySet()).forEach(item -> catalogue.apply(removal(item)));
            step = 0;
            PublicationPlan plan = plan(4, Map.of("publish.max-age.steps", bound));
            step(plan, changes(0, 1_000), List.of());
            publish(plan);
            int items = 1_000;
            long last = step;
            for (int round = 0; round < 700; round++) {
                List<CatalogueChange> changes = new ArrayList<>();
                if (random.nextInt(60) == 0) {
                    int more = random.nextInt(600);
                    changes.addAll(changes(items, items + more));
                    items += more;
                }
                if (random.nextInt(60) == 0) {
                    long oldest = 20 + (long) (publishedAt.size() * random.nextDouble());
                    publishedAt.entrySet().stream()
                            .sorted(Map.Entry.comparingByValue())
                            .skip(oldest)
                            .map(Map.Entry::getKey)
                            .toList()
                            .forEach(gone -> changes.add(removal(gone)));
                }
                step(plan, changes, List.of());
                if (random.nextInt(3) == 0) {
                    continue;
                }

                publish(plan);

                long between = step - last;
                last = step;
                assertThat(publishedAt.values())
                        .allMatch(at -> step - at <= plan.age().boundSteps() + between);
                assertThat(plan.age().ofBound()).isLessThanOrEqualTo(1);
                List<Long> ages = publishedAt.values().stream()
                        .map(at -> step - at)
                        .sorted()
                        .toList();
                assertThat(plan.age().p99Steps()).isEqualTo(ages.get(ages.size() - 1 - ages.size() / 100));
            }
        }
    }

    @Test
    void grownBoundsHoldWhileVectorsRelyOnThem() {
        PublicationPlan plan = plan(4, Map.of("publish.max-age.steps", "auto"));
        step(plan, changes(0, 1_000), List.of());
        publish(plan);
        assertThat(plan.age().boundSteps()).isEqualTo(250); // 1,000 items, 4 a step

        step(plan, removals(100, 1_000), List.of());
        publish(plan);
        assertThat(plan.age().boundSteps()).isEqualTo(250);
        long smaller = 0;
        while (plan.age().boundSteps() == 250) {
            step(plan, List.of(), List.of());
            assertThat(publish(plan)).hasSize(4);
            smaller++;
        }

        assertThat(plan.age().boundSteps()).isEqualTo(50);
        assertThat(smaller).isBetween(250L, 500L);
        step(plan, List.of(), List.of());
        assertThat(publish(plan)).hasSize(2); // 100 in 50 steps
    }

    @Test
    void aBoundInEventTimeIsKeptWhateverTheSteps() {
        PublicationPlan plan = plan(128, Map.of("publish.max-age.steps", "1000000", "publish.max-age", "60s"));
        step(plan, changes(0, 90), List.of("i0"));
        publish(plan);
        Random random = new Random(6);
        long last = time;
        for (int round = 0; round < 100; round++) {
            time += random.nextInt(20) * SECOND;
            step(plan, List.of(), List.of("i" + random.nextInt(5)));

            publish(plan);

            long between = time - last;
            last = time;
            assertThat(publishedTime.values()).allMatch(at -> time - at <= 60 * SECOND + between);
            assertThat(plan.age().ofBound()).isLessThanOrEqualTo(1);
        }
        assertThat(plan.age().maxMillis()).isEqualTo(time - Collections.min(publishedTime.values()));
    }

    @Test
    void whatMayNotGoOutMakesVectorsOlderThanPromised() {
        PublicationPlan plan = plan(128, Map.of("publish.max-age.steps", "10", "publish.max-vectors", "3"));
        step(plan, changes(0, 90), List.of());
        publish(plan);

        for (int round = 0; round < 30; round++) {
            step(plan, List.of(), List.of());
            publish(plan);
        }

        // 9 a step would be needed; with 3 a step the oldest is of the first of 30 rounds, against a bound of 10 and
        // the one between
        assertThat(plan.age().maxSteps()).isEqualTo(29);
        assertThat(plan.age().ofBound()).isCloseTo(29 / 11.0, within(1e-9));
    }

    @Test
    void whileAllIsWithheldVectorsGrowOlder() {
        PublicationPlan plan = plan(128, Map.of("publish.max-age.steps", "10"));
        step(plan, changes(0, 50), List.of());
        publish(plan);

        for (int round = 0; round < 25; round++) {
            step(plan, List.of(), List.of());
            plan.withheld();
        }

        assertThat(plan.age()).isEqualTo(new PublicationPlan.Age(25, 25, 25, 0, 10, 2.5));
    }

    @Test
    void whatMovedFarthestGoesOutOncePerMove() {
        PublicationPlan plan = plan(128, Map.of("publish.max-age.steps", "1000000", "publish.most-moved", "2"));
        step(plan, changes(0, 50), List.of());
        publish(plan);
        plan.moved(moved("i7", 0.5f));
        plan.moved(moved("i8", 0.2f));
        plan.moved(moved("i9", 0.4f));
        plan.moved(moved("i8", 0.25f));
        plan.moved(moved("no item", 9));

        step(plan, List.of(), List.of("i3"));
        List<String> first = publish(plan);
        step(plan, List.of(), List.of());
        List<String> second = publish(plan);

        // clicked, one of the slowest sweep there is, and the two that moved by .5 and .2 + .25
        assertThat(first).containsExactlyInAnyOrder("i3", "i0", "i7", "i8");
        assertThat(second).containsExactlyInAnyOrder("i1", "i9");
    }

    @Test
    void agesAreThoseOfAllVectors() {
        PublicationPlan plan = plan(128, Map.of("publish.max-age.steps", "1000000"));
        step(plan, changes(0, 200), List.of());
        publish(plan);
        for (int round = 0; round < 9; round++) {
            time += SECOND;
            step(plan, List.of(), List.of("i" + (100 + round)));
            publish(plan);
        }

        // in each round one was clicked, and one of the others swept
        List<Long> ages =
                publishedAt.values().stream().map(at -> step - at).sorted().toList();
        assertThat(plan.age().maxSteps()).isEqualTo(ages.get(199)).isEqualTo(9);
        assertThat(plan.age().p99Steps()).isEqualTo(ages.get(197));
        assertThat(plan.age().meanSteps())
                .isCloseTo(ages.stream().mapToLong(age -> age).average().orElseThrow(), within(1e-9));
        assertThat(plan.age().maxMillis())
                .isEqualTo(8 * SECOND); // since the first click, before which there was nothing to know
    }

    @Test
    void oneCommitStoresWhatItPublishedAndNoMore() {
        PublicationPlan plan = plan(128, Map.of("publish.max-age.steps", "1000000"));
        step(plan, changes(0, 100), List.of());
        publish(plan);
        store(plan);
        assertThat(stored).hasSize(100 + 1);
        stored.clear();

        step(plan, List.of(), List.of("i5"));
        publish(plan);
        store(plan);

        assertThat(stored).hasSize(2 + 1); // i5, one of the sweep, and the plan's own
    }

    /** What is stored of the plan itself, and how many vectors come from each moment, are those of a plan that was not stopped. */
    @ParameterizedTest
    @ValueSource(ints = {60, 330})
    void restoredAmidAShrinkItPublishesAsUndisturbed(int rounds) {
        PublicationPlan plan = plan(4, Map.of("publish.max-age.steps", "auto"));
        step(plan, changes(0, 1_000), List.of("i0"));
        publish(plan);
        for (int round = 0; round < rounds; round++) {
            time += SECOND;
            step(plan, round == 40 ? removals(300, 1_000) : List.of(), List.of("i" + (100 + round % 100)));
            publish(plan);
        }
        store(plan);
        Map<byte[], byte[]> other = new TreeMap<>(Arrays::compareUnsigned);
        other.putAll(stored);
        PublicationPlan restored = plan(4, Map.of("publish.max-age.steps", "auto"));
        List<Map.Entry<byte[], byte[]>> shuffled = new ArrayList<>(stored.entrySet());
        Collections.shuffle(shuffled, new Random(1));
        shuffled.forEach(entry -> restored.restore(entry.getKey(), entry.getValue()));

        for (int round = 0; round < 700; round++) {
            step++;
            for (PublicationPlan each : List.of(plan, restored)) {
                each.stepped(batch(List.of(), List.of()));
                each.published(Catalogues.numbers(catalogue, each.due().keySet()));
            }
            assertThat(restored.age()).isEqualTo(plan.age());
            store(plan);
            restored.drainDirty(EntrySink.into(other));
            byte[] own = {'P', 'p'};
            assertThat(other.get(own)).isEqualTo(stored.get(own));
        }
        assertThat(other.values().stream().map(Arrays::toString).sorted())
                .containsExactlyElementsOf(
                        stored.values().stream().map(Arrays::toString).sorted().toList());
        assertThat(plan.age().boundSteps()).isEqualTo(75); // 300 items, 4 a step
    }

    private PublicationPlan plan(int batchSize, Map<String, String> given) {
        return new PublicationPlan(PublishSettings.read(new SettingsReader(given), batchSize), 'P', catalogue);
    }

    private static List<CatalogueChange> changes(int from, int to) {
        return IntStream.range(from, to)
                .<CatalogueChange>mapToObj(item ->
                        new CatalogueChange.Upsert(new CatalogueItem("i" + item, 1_600_000_000_000L, Features.NONE)))
                .toList();
    }

    private List<CatalogueChange> removals(int from, int to) {
        return IntStream.range(from, to).mapToObj(item -> removal("i" + item)).toList();
    }

    private CatalogueChange removal(String item) {
        publishedAt.remove(item);
        return new CatalogueChange.Removal(item, time);
    }

    private void step(PublicationPlan plan, List<CatalogueChange> changes, List<String> clicks) {
        step++;
        MiniBatch batch = batch(changes, clicks);
        changes.forEach(catalogue::apply);
        plan.stepped(batch);
        plan.learnt(batch);
    }

    private MiniBatch batch(List<CatalogueChange> changes, List<String> clicks) {
        List<TrainingExample> examples =
                clicks.stream().map(item -> Scenes.click("u", item, time)).toList();
        return Batches.of(step, changes, examples);
    }

    private List<String> publish(PublicationPlan plan) {
        plan.takeRemoved();
        List<String> due = List.copyOf(plan.due().keySet());
        plan.published(Catalogues.numbers(catalogue, due));
        due.forEach(item -> {
            publishedAt.put(item, step);
            publishedTime.put(item, time);
        });
        return due;
    }

    private void store(PublicationPlan plan) {
        plan.drainDirty(EntrySink.into(stored));
    }

    private static MovedItems moved(String item, float distance) {
        MovedItems moved = new MovedItems();
        moved.add(item, distance);
        return moved;
    }
}
