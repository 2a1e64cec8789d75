package dev.millrace.neighbour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.Scenes;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.PrefixedKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class NeighbourListsTest {

    private static final Duration WEEK = Duration.ofDays(7);
    private static final long TIME = 1_700_000_000_000L;

    private final Catalogue catalogue = new Catalogue('C');
    private int users;

    @Test
    void aClickIsANeighbourOfTheThreeClicksBeforeIt() {
        list("a", "b", "c", "d", "x");
        NeighbourLists lists = lists(10, EntrySource.NONE, 0);

        lists.observe(batch(click("x", TIME, "a", "b", "c", "d")));

        assertThat(weights(lists, "a")).isEqualTo(Map.of("x", 1f));
        assertThat(weights(lists, "b")).isEqualTo(Map.of("x", 0.5f));
        assertThat(weights(lists, "c")).isEqualTo(Map.of("x", (float) (1 / 3.0)));
        assertThat(weights(lists, "d")).isEmpty();
        assertThat(weights(lists, "x")).isEqualTo(Map.of("a", 0.5f, "b", 0.25f, "c", (float) (0.5 / 3)));
    }

    @Test
    void aFullListGivesUpItsLightest() {
        list("a", "x", "y", "z");
        NeighbourLists lists = lists(2, EntrySource.NONE, 0);

        lists.observe(
                batch(click("x", TIME, "a"), click("y", TIME, "a"), click("x", TIME, "a"), click("z", TIME, "a")));

        assertThat(weights(lists, "a")).isEqualTo(Map.of("x", 2f, "z", 1f));
        // what gave up its place is still part of the total
        assertThat(near(lists, TIME, "a").get("z")).isCloseTo(1 / 7.0, within(1e-7));
    }

    @Test
    void oneUserPlacesAnItemInAsManyListsAsItsOwnHasRoomFor() {
        list("target");
        NeighbourLists lists = lists(64, EntrySource.NONE, 0);
        int user = users;

        for (int other = 0; other < 60; other++) {
            list("i" + other);
            users = user; // always the same
            lists.observe(batch(click("i" + other, TIME, "target")));
        }

        // each adds 1 to the target's list, which has room for 6, and half of that to the other
        assertThat(weights(lists, "target")).hasSize(6);
        assertThat(items(lists)).hasSize(7);
    }

    @Test
    void onlyItemsOfTheCatalogueHaveListsAndAreOnThem() {
        list("a", "x");
        NeighbourLists lists = lists(10, EntrySource.NONE, 0);

        lists.observe(batch(click("x", TIME, "gone", "a", "x"), click("gone", TIME, "a")));

        assertThat(items(lists)).containsExactly("a", "x");
        assertThat(weights(lists, "a")).isEqualTo(Map.of("x", 0.5f));
    }

    @Test
    void aRemovedItemHasNoList() {
        list("a", "x", "y");
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = lists(10, stored, 0);
        lists.observe(batch(click("x", TIME, "a"), click("y", TIME, "x")));
        lists.drainDirty(stored);

        lists.remove("x");
        lists.remove("y");
        lists.observe(batch(click("a", TIME, "y"))); // y is there again

        assertThat(near(lists, TIME, "x")).isEmpty();
        assertThat(near(lists, TIME, "y")).containsOnlyKeys("a");
        lists.drainDirty(stored);
        assertThat(stored.get(PrefixedKey.of((byte) 'N', "x"))).isEmpty();
        assertThat(weights(lists(10, stored, 0), "y")).isEqualTo(Map.of("a", 1f));
    }

    @Test
    void aRemovedItemLeavesTheListsOfItsOwnNeighboursAtOnce() {
        list("a", "b", "x");
        NeighbourLists lists = lists(10, EntrySource.NONE, 0);
        lists.observe(batch(click("x", TIME, "a", "b"), click("b", TIME, "a")));

        remove("x");
        lists.remove("x");

        assertThat(weights(lists, "a")).containsOnlyKeys("b");
        assertThat(weights(lists, "b")).containsOnlyKeys("a");
    }

    /** 100 items name x, which names only two of them. */
    @Test
    void aRemovedItemLeavesAllListsWithinARound() {
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = lists(2, stored, 0);
        list("x");
        for (int item = 0; item < 100; item++) {
            list("i" + item);
            lists.observe(batch(click("x", TIME, "i" + item)));
        }
        lists.drainDirty(stored);
        remove("x");
        lists.remove("x");

        for (int step = 0; step < 100 / 16; step++) {
            lists.sweep(TIME);
        }
        lists.drainDirty(stored);
        assertThat(holding(stored, "x")).isPositive();
        lists.sweep(TIME);
        lists.drainDirty(stored);

        assertThat(holding(stored, "x")).isZero();
    }

    @Test
    void aListThatHasDecayedIsForgotten() {
        list("a", "x");
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = lists(10, stored, 0);
        lists.observe(batch(click("x", TIME, "a")));
        lists.drainDirty(stored);

        lists.sweep(TIME + 6 * WEEK.toMillis()); // 1/64 and 1/128 are left
        lists.drainDirty(stored);

        assertThat(near(lists, TIME, "a")).containsOnlyKeys("x");
        assertThat(near(lists, TIME, "x")).isEmpty();
        assertThat(stored.get(PrefixedKey.of((byte) 'N', "x"))).isEmpty();
    }

    /** Three lists are visited in the step of the removal, wherever the sweep stands. */
    @Test
    void anErasedUserLeavesFewListsAtOnce() {
        list("a", "b", "x");
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = lists(10, stored, 0);
        lists.observe(batch(
                Scenes.click("ann", "x", TIME, "a", "b"),
                Scenes.click("ben", "x", TIME, "b"),
                Scenes.click("ann", "x", TIME, "b")));
        lists.drainDirty(stored);

        lists.removeUser("ann");
        lists.sweep(TIME);
        lists.drainDirty(stored);

        assertThat(stored.get(PrefixedKey.of((byte) 'N', "a"))).isEmpty();
        // what ben clicked, too, stays as the sum of both
        assertThat(weights(lists, "b")).isEqualTo(Map.of("x", 2.5f));
        assertThat(weights(lists, "x")).isEqualTo(Map.of("b", 1.25f));
        assertThat(all(stored, 'n')).isEmpty();
    }

    /** 1,300 lists: at 512 a step, three steps visit each of them, from wherever the sweep stood. Each removal has its own three. */
    @Test
    void erasedUsersLeaveAllListsWithinARound() {
        MemoryEntries stored = new MemoryEntries();
        MemoryEntries restarted = new MemoryEntries();
        NeighbourLists lists = lists(64, stored, 0);
        for (int pair = 0; pair < 650; pair++) {
            list("i" + pair, "j" + pair);
            lists.observe(batch(Scenes.click(pair % 2 == 0 ? "ann" : "ben", "i" + pair, TIME, "j" + pair)));
        }
        lists.sweep(TIME);
        lists.drainDirty(stored);
        all(stored).forEach(restarted::put);
        NeighbourLists others = lists(64, restarted, 0);

        for (int step = 1; step <= 4; step++) {
            if (step <= 2) {
                String user = step == 1 ? "ann" : "ben";
                lists.removeUser(user);
                others.removeUser(user);
            }
            lists.sweep(TIME);
            others.sweep(TIME);
            lists.drainDirty(stored);
            others.drainDirty(restarted);
            assertThat(all(stored, 'n')).hasSize(List.of(1, 2, 1, 0).get(step - 1));
            assertThat(text(restarted)).isEqualTo(text(stored));
            if (step == 3) {
                assertThat(all(stored, 'N')).hasSizeBetween(2, 650); // ben's, in lists that come later
            }
            others = restart(restarted);
        }

        assertThat(text(stored)).containsOnlyKeys(Arrays.toString(new byte[] {'N'})); // where the sweep is
    }

    private NeighbourLists restart(MemoryEntries stored) {
        NeighbourLists lists = lists(64, stored, 0);
        all(stored, 'n').forEach(lists::restore);
        return lists;
    }

    private static SortedMap<byte[], byte[]> all(MemoryEntries stored, char... prefixes) {
        SortedMap<byte[], byte[]> all = new TreeMap<>(Arrays::compareUnsigned);
        stored.scan(new byte[] {0}, (key, value) -> {
            if (prefixes.length == 0 || new String(prefixes).indexOf(key[0]) >= 0) {
                all.put(key, value);
            }
            return true;
        });
        return all;
    }

    private static Map<String, String> text(MemoryEntries stored) {
        Map<String, String> text = new TreeMap<>();
        all(stored).forEach((key, value) -> text.put(Arrays.toString(key), Arrays.toString(value)));
        return text;
    }

    /** Counts the lists that name an item. */
    private int holding(MemoryEntries stored, String item) {
        return (int) lists(stored).values().stream()
                .filter(weights -> weights.containsKey(item))
                .count();
    }

    /** The weights of each stored list, by item. */
    private Map<String, Map<String, Float>> lists(MemoryEntries stored) {
        NeighbourLists lists = lists(64, stored, 0);
        Map<String, Map<String, Float>> weights = new TreeMap<>();
        all(stored, 'N').keySet().forEach(key -> ListKeys.itemOfWhole(key)
                .ifPresent(item -> weights.put(item, weights(lists, item))));
        return weights;
    }

    @Test
    void withoutNeighboursThereIsNothing() {
        list("a", "x");
        NeighbourLists lists = lists(0, EntrySource.NONE, 0);

        lists.observe(batch(click("x", TIME, "a")));

        assertThat(items(lists)).isEmpty();
        assertThat(near(lists, TIME, "a")).isEmpty();
    }

    /**
     * Lists on the heap, lists of which the heap keeps few, that are restarted now and then, and lists that are restored whole: the same
     * bits. Users come often, and some are erased. Half the time lists are long enough to have additions behind them.
     */
    @Property(tries = 60)
    void whatIsOnTheHeapChangesNoBit(@ForAll long seed) {
        Random random = new Random(seed);
        int most = random.nextBoolean() ? 6 : 20;
        int items = most == 6 ? 25 : 12;
        List<String> ids = new ArrayList<>();
        for (int item = 0; item < items; item++) {
            ids.add("an-item-of-a-longer-id-" + item);
        }
        list(ids.toArray(String[]::new));
        NeighbourLists whole = lists(most, EntrySource.NONE, 0);
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists few = lists(most, stored, 500);
        MemoryEntries drained = new MemoryEntries();
        long time = TIME;
        for (int step = 0; step < 120; step++) {
            time += random.nextInt(20_000_000) - 2_000_000;
            String user = "u" + random.nextInt(4);
            MiniBatch batch = batch(Scenes.click(user, any(ids, random), time, any(ids, random), any(ids, random)));
            whole.observe(batch);
            few.observe(batch);
            if (random.nextInt(8) == 0) {
                whole.removeUser(user);
                few.removeUser(user);
            }
            if (random.nextInt(12) == 0) {
                String gone = any(ids, random);
                catalogue.apply(new CatalogueChange.Removal(gone, time, true));
                whole.remove(gone);
                few.remove(gone);
            }
            list(any(ids, random)); // perhaps again
            whole.sweep(time);
            few.sweep(time);
            String[] history = {any(ids, random), any(ids, random), any(ids, random)};
            assertThat(near(few, time, history)).isEqualTo(near(whole, time, history));
            if (random.nextInt(4) == 0) {
                few.drainDirty(stored);
                whole.drainDirty(drained);
                assertThat(text(stored)).isEqualTo(text(drained));
                few = random.nextBoolean() ? few : lists(most, stored, 500);
                whole = random.nextBoolean() ? whole : restored(most, drained, random);
            }
        }
    }

    /** Lists that have restored all entries, in any order. */
    private NeighbourLists restored(int most, MemoryEntries stored, Random order) {
        List<Map.Entry<byte[], byte[]>> entries =
                new ArrayList<>(all(stored, 'N', 'n').entrySet());
        Collections.shuffle(entries, order);
        NeighbourLists lists = lists(most, EntrySource.NONE, 0);
        entries.forEach(entry -> lists.restore(entry.getKey(), entry.getValue()));
        return lists;
    }

    /** 40 neighbours of some 30 bytes; a click changes two lists, of which the long one is far longer than what was added. */
    @Test
    void ofALongListWhatWasAddedIsWrittenAlone() {
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = withALongList(stored);
        byte[] whole = stored.get(PrefixedKey.of((byte) 'N', "long")).orElseThrow();

        list("new");
        lists.observe(batch(click("new", TIME + 5, "long")));
        SortedMap<byte[], byte[]> drained = drained(lists, stored);

        assertThat(drained.keySet().stream().map(NeighbourListsTest::text)).containsExactly("Nlong\0\0", "Nnew");
        assertThat(Objects.requireNonNull(drained.get(new byte[] {'N', 'l', 'o', 'n', 'g', 0, 0})))
                .hasSizeLessThan(whole.length / 20);
        assertThat(stored.get(PrefixedKey.of((byte) 'N', "long"))).contains(whole);
        assertThat(weights(lists(64, stored, 0), "long")).hasSize(41).containsEntry("new", 1f);
    }

    @Test
    void additionsAsLargeAsTheirListMakeItWhole() {
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = withALongList(stored);
        int whole = stored.get(PrefixedKey.of((byte) 'N', "long")).orElseThrow().length;

        int additions = 0;
        int bytes = 0;
        for (int click = 0; additionsOfLong(stored) == additions; click++) {
            lists.observe(batch(click("i" + click % 40, TIME + click, "long")));
            SortedMap<byte[], byte[]> drained = drained(lists, stored);
            if (additionsOfLong(stored) > additions) {
                additions++;
                bytes += drained.entrySet().stream()
                        .filter(entry -> text(entry.getKey()).startsWith("Nlong\0"))
                        .mapToInt(entry -> entry.getValue().length)
                        .sum();
            }
        }

        assertThat(additionsOfLong(stored)).isZero();
        assertThat(bytes).isBetween(whole - 60, whole);
        assertThat(weights(lists(64, stored, 0), "long")).isEqualTo(weights(lists, "long"));
    }

    @Test
    void aForgottenListTakesItsAdditionsWithIt() {
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = withALongList(stored);
        lists.observe(batch(click("i1", TIME, "long")));
        lists.drainDirty(stored);
        assertThat(additionsOfLong(stored)).isEqualTo(1);

        remove("long");
        lists.remove("long");
        list("long");
        lists.observe(batch(click("i1", TIME, "long"))); // a new list, before the old one is deleted
        lists.drainDirty(stored);

        assertThat(additionsOfLong(stored)).isZero();
        assertThat(weights(lists(64, stored, 0), "long")).isEqualTo(Map.of("i1", 1f));

        remove("long");
        lists.remove("long");
        lists.drainDirty(stored);
        assertThat(all(stored, 'N').keySet().stream().map(NeighbourListsTest::text))
                .noneMatch(key -> key.contains("long"));
    }

    /** What ann added is of several by now, and sixteen others have taken the places of her sum; only the additions know her. */
    @Test
    void additionsOfAnErasedUserAreRewritten() {
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = withALongList(stored);
        lists.observe(batch(Scenes.click("ann", "i1", TIME, "long")));
        lists.drainDirty(stored);
        for (int other = 0; other < 40; other++) {
            lists.observe(batch(click("i1", TIME, "long")));
        }
        lists.drainDirty(stored);
        String ann = text(ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(NeighbourList.digest("ann"))
                .array());
        assertThat(all(stored, 'N').values().stream().map(NeighbourListsTest::text))
                .anyMatch(value -> value.contains(ann));
        Map<String, Float> before = weights(lists, "long");

        lists.removeUser("ann");
        lists.sweep(TIME);
        lists.drainDirty(stored);

        assertThat(all(stored, 'N').values().stream().map(NeighbourListsTest::text))
                .noneMatch(value -> value.contains(ann));
        assertThat(weights(lists(64, stored, 0), "long")).isEqualTo(before);
    }

    @Test
    void additionsWithoutThoseBeforeThemAreRefused() {
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = withALongList(stored);
        for (int click = 0; click < 2; click++) {
            lists.observe(batch(click("i1", TIME, "long")));
            lists.drainDirty(stored);
        }
        stored.delete(new byte[] {'N', 'l', 'o', 'n', 'g', 0, 0});

        assertThatThrownBy(() -> lists(64, stored, 0).seen("long"))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessage("additions to a list of neighbours have the number 1, the next have 0");
    }

    /** Lists of which one has 40 neighbours, as they are stored. */
    private NeighbourLists withALongList(MemoryEntries stored) {
        NeighbourLists lists = lists(64, stored, 0);
        list("long");
        for (int item = 0; item < 40; item++) {
            list("i" + item);
            lists.observe(batch(click("i" + item, TIME, "long")));
        }
        lists.drainDirty(stored);
        return lists;
    }

    private static int additionsOfLong(MemoryEntries stored) {
        return (int) all(stored, 'N').keySet().stream()
                .filter(key -> text(key).startsWith("Nlong\0"))
                .count();
    }

    /** What a drain puts, which is also stored. */
    private static SortedMap<byte[], byte[]> drained(NeighbourLists lists, MemoryEntries stored) {
        SortedMap<byte[], byte[]> drained = new TreeMap<>(Arrays::compareUnsigned);
        lists.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                drained.put(key, value);
                stored.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                stored.delete(key);
            }
        });
        return drained;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** C and T summed up from all clicks, each decayed on its own. */
    @Property(tries = 40)
    void nearIsWhatTheFormulaSays(@ForAll long seed) {
        Random random = new Random(seed);
        List<String> items = List.of("i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7");
        list(items.toArray(String[]::new));
        NeighbourLists lists = lists(items.size(), EntrySource.NONE, 0);
        List<TrainingExample> clicks = new ArrayList<>();
        for (int click = 0; click < 80; click++) {
            clicks.add(
                    click(any(items, random), TIME + random.nextInt(1 << 30), any(items, random), any(items, random)));
        }
        lists.observe(batch(clicks.toArray(TrainingExample[]::new)));
        long now = TIME + (1L << 30);
        List<String> history = List.of("i3", "i5", "i5", "i0", "i7", "i1");

        Map<String, Double> expected = new HashMap<>();
        double[] shares = {1, 0.7, 0.49, 0.343, 0.2401};
        for (int k = 0; k < 5; k++) {
            Map<String, Double> counts = counts(clicks, history.get(k), now);
            double total = counts.values().stream().mapToDouble(count -> count).sum();
            double share = shares[k] / (1 + 0.7 + 0.49 + 0.343 + 0.2401);
            counts.forEach((item, count) -> expected.merge(item, share * count / (total + 3), Double::sum));
        }

        Map<String, Double> found = near(lists, now, history.toArray(String[]::new));
        assertThat(found).hasSameSizeAs(expected);
        expected.forEach((item, nb) -> assertThat(found.get(item)).as(item).isCloseTo(nb, within(1e-6)));
    }

    private static Map<String, Double> counts(List<TrainingExample> clicks, String of, long now) {
        Map<String, Double> counts = new HashMap<>();
        for (TrainingExample click : clicks) {
            double left = Math.pow(0.5, (now - click.time()) / (double) WEEK.toMillis());
            for (int gap = 0; gap < 2; gap++) {
                String before = click.user().history().get(gap);
                if (!before.equals(click.item())) {
                    if (before.equals(of)) {
                        counts.merge(click.item(), left / (gap + 1), Double::sum);
                    }
                    if (click.item().equals(of)) {
                        counts.merge(before, left / 2 / (gap + 1), Double::sum);
                    }
                }
            }
        }
        return counts;
    }

    @Test
    void newFollowersGetAllListsInParts() {
        int items = 20_000;
        MemoryEntries stored = new MemoryEntries();
        NeighbourLists lists = lists(10, stored, 0);
        list("a");
        for (int item = 0; item < items; item++) {
            list("i" + item);
            lists.observe(batch(click("i" + item, TIME, "a")));
            if (item % 500 == 0) {
                lists.drainDirty(stored);
            }
        }
        lists.drainDirty(stored);
        assertThat(lists.areNearlyOut()).isTrue();

        lists.touch();

        List<String> repeated = new ArrayList<>();
        List<Integer> parts = new ArrayList<>();
        while (parts.isEmpty() || parts.get(parts.size() - 1) > 0) {
            int before = repeated.size();
            boolean isLast = lists.areNearlyOut();
            lists.drainDirty(new EntrySink() {
                @Override
                public void put(byte[] key, byte[] value) {
                    throw new AssertionError("nothing changed");
                }

                @Override
                public void delete(byte[] key) {
                    throw new AssertionError("nothing was removed");
                }

                @Override
                public void repeat(byte[] key, byte[] value) {
                    repeated.add(PrefixedKey.text(key));
                }
            });
            parts.add(repeated.size() - before);
            assertThat(isLast).isEqualTo(repeated.size() == items + 1);
        }

        assertThat(repeated).hasSize(items + 1).doesNotHaveDuplicates();
        assertThat(parts).containsExactly(8192, 8192, items + 1 - 2 * 8192, 0);
    }

    private void list(String... items) {
        for (String item : items) {
            catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE)));
        }
    }

    private void remove(String item) {
        catalogue.apply(new CatalogueChange.Removal(item, TIME, true));
    }

    private NeighbourLists lists(int most, EntrySource stored, long cacheBytes) {
        return new NeighbourLists(new NeighbourSettings(most, WEEK), catalogue, 'N', 'n', stored, cacheBytes);
    }

    private static String any(List<String> items, Random random) {
        return items.get(random.nextInt(items.size()));
    }

    /** A click of a user who has no other. */
    private TrainingExample click(String item, long time, String... history) {
        return Scenes.click("u" + users++, item, time, history);
    }

    private static MiniBatch batch(TrainingExample... examples) {
        return Batches.of(1, 1, List.of(), List.of(examples), new float[examples.length], List.of(), new float[0], 0);
    }

    /** Returns nb of each item that is near. */
    private Map<String, Double> near(NeighbourLists lists, long time, String... history) {
        return lists.near(List.of(history), time, (items, numbers) -> {
            assertThat(items).isSorted();
            Map<String, Double> near = new HashMap<>();
            for (int at = 0; at < items.length; at++) {
                near.put(catalogue.itemAt(items[at]), Math.expm1(numbers[at]) * 0.01); // log(1 + nb / 0.01)
            }
            return near;
        });
    }

    private static Map<String, Float> weights(NeighbourLists lists, String item) {
        Map<String, Float> weights = new HashMap<>();
        lists.seen(item).ifPresent(list -> list.forEach(weights::put));
        return weights;
    }

    /** The items of all lists. */
    private static Set<String> items(NeighbourLists lists) {
        Set<String> items = new TreeSet<>();
        lists.touch();
        lists.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                ListKeys.itemOfWhole(key).ifPresent(items::add);
            }

            @Override
            public void delete(byte[] key) {}
        });
        return items;
    }
}
