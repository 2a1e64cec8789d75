package dev.millrace.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.HeapRows;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.TwoTower;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A {@link Trainer} whose embedding rows are read from a store when they are needed. */
@Tag("slow")
class StoredRowsTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final long HOUR = 3_600_000;
    private static final int STEPS = 150;
    private static final long EVERYTHING = 1L << 30;

    /** Rows that expire, that are displaced, that wait for their admission, and several tables. */
    private static final Map<String, String> BOUNDS = Map.of(
            "table.admit-after", "2",
            "table.expire-after", "8h",
            "table.max-rows", "150",
            "catalogue.expire-after", "60h",
            "digest.steps", "1");

    /** What the learner gets from outside, in order. */
    private interface Input {
        void to(Trainer trainer);
    }

    @ParameterizedTest(name = "cache of {0} bytes, killed in one of {1} steps, committed in one of {2}")
    @CsvSource({
        EVERYTHING + ",0,1",
        EVERYTHING + ",5,1",
        "1,0,1",
        "1,7,1",
        "1,3,2",
        "20000,0,3",
        "20000,4,1",
        "60000,11,4",
        "60000,2,1",
    })
    void cacheKillsAndCommitsChangeNoBitOfTheLog(long cacheBytes, int killedIn, int committedIn) {
        Run disturbed = new Run(cacheBytes, BOUNDS);
        Run undisturbed = new Run(EVERYTHING, BOUNDS).onTheHeap();
        List<Input> inputs = inputs(3);
        SplittableRandom chance = new SplittableRandom(killedIn * 31L + committedIn);

        for (Input input : inputs) {
            undisturbed.take(input);
            if (undisturbed.trainer.isBatchReady()) {
                undisturbed.learn();
                undisturbed.commit(0);
            }
        }
        int at = 0;
        while (at < inputs.size()) {
            disturbed.take(inputs.get(at++));
            if (disturbed.trainer.isBatchReady()) {
                disturbed.learn();
                if (chance.nextInt(committedIn) == 0) {
                    disturbed.commit(at);
                }
                if (killedIn > 0 && chance.nextInt(killedIn) == 0) {
                    at = disturbed.kill();
                }
            }
        }
        disturbed.commit(at);

        assertThat(undisturbed.trainer.model().rowCounts().expired()).isPositive();
        assertThat(undisturbed.trainer.model().rowCounts().displaced()).isPositive();
        disturbed.digests.forEach((step, digest) ->
                assertThat(digest).as("digest of step " + step).isEqualTo(undisturbed.digests.get(step)));
        assertThat(disturbed.learnt()).isEqualTo(undisturbed.learnt());
        disturbed
                .published
                .keySet()
                .retainAll(undisturbed.published.keySet()); // when a vector is published depends on the commits
        assertThat(disturbed.published).hasSizeGreaterThan(1_000);
        undisturbed.published.keySet().retainAll(disturbed.published.keySet());
        assertThat(disturbed.published).isEqualTo(undisturbed.published);
    }

    @Test
    void aSmallCacheHoldsFewRows() {
        Map<String, String> onlyTouched = Map.of("publish.max-age.steps", "0", "publish.most-moved", "0");
        Run small = new Run(20_000, onlyTouched);
        Run large = new Run(EVERYTHING, onlyTouched);
        for (Input input : inputs(5)) {
            for (Run run : List.of(small, large)) {
                run.take(input);
                if (run.trainer.isBatchReady()) {
                    run.learn();
                    run.commit(0);
                }
            }
        }

        // an exam reads the rows of at most 300 items beside the cache, and a step as many again that it read; each has
        // 236 bytes
        assertThat(small.trainer.model().heapRows().bytes()).isLessThan(20_000 + 300 * 236);
        assertThat(large.trainer.model().heapRows().bytes()).isGreaterThan(100_000);
        HeapRows read = small.trainer.model().heapRows();
        assertThat(read.missed()).isPositive().isLessThan(read.read());
        assertThat(read.learnt())
                .isGreaterThan(read.missed())
                .isEqualTo(large.trainer.model().heapRows().learnt());
        assertThat(large.trainer.model().heapRows().read()).isZero();
    }

    @Test
    void passingItemsDoNotDisplaceRowsReadBefore() {
        TwoTower model = learnt().trainer.model();
        List<String> few = IntStream.range(0, 20).mapToObj(item -> "i" + item).toList();
        float[] vectors = new float[300 * 8];
        long before;
        do { // until they fit beside what the cache has
            before = model.heapRows().read();
            model.itemVectors(few, vectors);
        } while (model.heapRows().read() > before);

        model.passingItemVectors(IntStream.range(0, 300).toArray(), 0, 300, vectors);

        long passed = model.heapRows().read() - before;
        assertThat(passed).isGreaterThan(100);
        model.itemVectors(few, vectors);
        assertThat(model.heapRows().read()).isEqualTo(before + passed);
    }

    private static Run learnt() {
        Run run = new Run(20_000, Map.of());
        for (Input input : inputs(9)) {
            run.take(input);
            if (run.trainer.isBatchReady()) {
                run.learn();
                run.commit(0);
            }
        }
        return run;
    }

    private static List<Input> inputs(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Input> inputs = new ArrayList<>();
        for (int item = 0; item < 300; item++) {
            CatalogueItem announced = new CatalogueItem("i" + item, TIME, Features.NONE);
            inputs.add(trainer -> trainer.change(new CatalogueChange.Upsert(announced)));
        }
        for (int at = 0; at < STEPS * 16; at++) {
            long time = TIME + at * HOUR / 16;
            if (random.nextInt(60) == 0) {
                String user = "u" + skewed(random, 400);
                inputs.add(trainer -> trainer.removeUser(user));
            }
            if (random.nextInt(80) == 0) {
                String item = "i" + random.nextInt(500);
                long removed = time;
                inputs.add(trainer -> trainer.change(new CatalogueChange.Removal(item, removed)));
            }
            List<String> history = new ArrayList<>();
            for (int place = random.nextInt(7); place > 0; place--) {
                history.add("i" + skewed(random, 500));
            }
            TrainingExample example = new TrainingExample(
                    "e" + at,
                    new UserFeatures("u" + skewed(random, 400 + at / 8), time, Features.NONE, history),
                    Features.NONE,
                    "i" + skewed(random, 500),
                    "click",
                    1,
                    time,
                    0);
            inputs.add(trainer -> trainer.add(example));
        }
        return inputs;
    }

    /** A few numbers often, many seldom. */
    private static int skewed(SplittableRandom random, int below) {
        double share = random.nextDouble();
        return (int) (share * share * share * below);
    }

    /** A learner, its store, and what it showed. */
    private static final class Run {

        private final TrainerSettings settings;
        private final MemoryEntries store = new MemoryEntries();
        private final SortedMap<Long, String> digests = new TreeMap<>();
        private final SortedMap<String, String> published = new TreeMap<>();
        private Trainer trainer;
        private int committed;

        Run(long cacheBytes, Map<String, String> bounds) {
            Map<String, String> given = new HashMap<>(Map.of(
                    "batch.size", "16",
                    "batch.negatives", "24",
                    "tower.dim", "8",
                    "tower.user.hidden", "8",
                    "tower.item.hidden", "8",
                    "features.user", "user,history",
                    "features.user.history.max-values", "6",
                    "features.item", "item",
                    "publish.popularity.dimension", "true"));
            given.putAll(bounds);
            TrainerSettings read = TrainerSettings.read(new SettingsReader(given));
            settings = SmallCache.of(read, cacheBytes);
            trainer = new Trainer(settings, store);
        }

        Run onTheHeap() {
            trainer = new Trainer(settings);
            return this;
        }

        void take(Input input) {
            input.to(trainer);
        }

        void learn() {
            trainer.learn(trainer.closeBatch());
        }

        void commit(int at) {
            trainer.publish()
                    .forEach(embedding -> published.put(
                            embedding.item() + "@" + embedding.step(),
                            embedding.vector().map(Arrays::toString).orElse("")));
            trainer.drainDirty(store);
            digests.put(trainer.step(), trainer.digest().orElseThrow().digest());
            committed = at;
        }

        /** Begins anew from the last commit. Returns the inputs that it has taken in. */
        int kill() {
            trainer = new Trainer(settings, store);
            store.scanBut(new byte[] {0}, EntryKind.readLater(), trainer::restore);
            trainer.requireWhole();
            return committed;
        }

        /** The entries that are functions of the log, in a form that can be compared. */
        Map<String, String> learnt() {
            Map<String, String> shown = new TreeMap<>();
            EntrySink sink = EntrySink.into(new TreeMap<>(Arrays::compareUnsigned));
            trainer.drainDirty(sink);
            store.scan(new byte[] {0}, new byte[] {(byte) 0xff}, (key, value) -> {
                if (EntryKind.isDigested(key) || ModelEntry.Kind.TABLE.isOf(key)) {
                    shown.put(EntryKind.words(key) + Arrays.toString(key), Arrays.toString(value));
                }
                return true;
            });
            return shown;
        }
    }
}
