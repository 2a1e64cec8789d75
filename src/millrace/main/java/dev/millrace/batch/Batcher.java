package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.negative.NegativeSource;
import dev.millrace.popularity.ItemPopularity;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Collects examples and catalogue changes into the next mini-batch.
 *
 * <p>The caller decides when to close a batch, because waiting needs a clock. The content of a batch is decided here
 * and is a function of what was added. If an example names an item that the catalogue does not have, the item is added
 * to the catalogue without features; it is removed when examples no longer name it. An example of a weight below 1 adds it with the
 * probability of its weight, and is left out if nothing adds the item. A removed item stays removed until
 * the catalogue announces it again. When an item or a user is removed, its examples leave the open batch.
 *
 * <p>Exposures without a click, and items that their users hid, are kept apart: they do not count as positives and do not change the popularity. A batch
 * with as many of them as a full batch has positives is full, too.
 */
public final class Batcher implements Durable {

    /*
     * Layout. Each part (an example, a change, a removed user) takes the next running number, `added`. The open batch is the numbers
     * from closedUpTo to added, in four maps by number. Each part is an entry under its number, so that a commit writes what
     * came since the last one. Entries from durableFrom to durableTo may be in the store: a drain deletes those of closed batches and
     * those `dropped`, and writes those from durableTo on. The memory of the negatives is stored among the popularity's entries: both
     * are functions of the log. What may be rehearsed is stored as the open batch is, and goes where that goes.
     *
     * Invariant. A number is in one of the maps, or its part was dropped. `size` is that of all parts in the
     * maps. `openRemovals` has the last open change of each item, unless it is stale. After close() and after follow() of the
     * same batch the state is the same, except for the open batch and what may be rehearsed.
     *
     * Order. close() goes: the changes as they came, the items that only examples name, the items that examples no longer
     * name; then the draws and the log-probabilities; last, the popularity and the memory observe the positives. So the
     * draws see the catalogue of this batch, and the popularity from before it. Another order is another log.
     *
     * Cost. Adding a part: a look-up in a tree. A removal also scans the open examples, and at close the memory of the negatives. A
     * close: the parts, the draws, one pass over what may be rehearsed, and O(log N) for each draw by popularity from a catalogue of N
     * items. It never scans the catalogue, except the first time after a restart and when the popularity rescales or a sum tree is
     * outgrown.
     *
     * Threads. One, the caller's.
     */

    /** Stream of random numbers of a batch: whether an example adds its item to the catalogue. */
    private static final int ADDED = 6;

    /** Longer than a catalogue is announced ahead. */
    private static final Duration FAR = Duration.ofDays(7);

    private static final byte COUNTERS = 0;
    private static final byte PART = 1;
    private static final byte REMEMBERED = 2;
    private static final byte ANNOUNCED = 3;
    private static final byte VOICE = 4;

    private final BatchSettings settings;
    private final Catalogue catalogue;
    private final byte prefix;
    private final char popularityPrefix;
    private final ItemPopularity popularity;
    private final NegativeSource negativeSource;
    private final RememberedExamples rememberedExamples;
    private final AnnouncedItems announced;
    private final TreeMap<Long, TrainingExample> examples = new TreeMap<>();
    /** Exposures without a click, and what users hid. */
    private final TreeMap<Long, TrainingExample> exposed = new TreeMap<>();

    private final TreeMap<Long, CatalogueChange> changes = new TreeMap<>();
    private final TreeMap<Long, String> removedUsers = new TreeMap<>();
    /** Numbers of the parts that left the open batch before it was closed and whose entries are not deleted yet. */
    private final TreeSet<Long> dropped = new TreeSet<>();
    /**
     * True for an item that the open changes remove, false for one that they add; rebuilt after a restore of changes.
     */
    private final Map<String, Boolean> openRemovals = new HashMap<>();

    private final BatchSize size = new BatchSize();

    private boolean areOpenRemovalsStale;
    private long added;
    private long closedUpTo;
    private long durableFrom;
    private long durableTo;
    private long step;

    /**
     * @param catalogue catalogue, changed when a batch is closed
     * @param prefix first byte of the open batch's keys
     * @param popularityPrefix first byte of the popularity's keys
     */
    public Batcher(BatchSettings settings, Catalogue catalogue, char prefix, char popularityPrefix) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.prefix = (byte) prefix;
        this.popularityPrefix = popularityPrefix;
        this.popularity = settings.popularity().estimator(popularityPrefix, settings.size(), catalogue);
        this.negativeSource = new NegativeSource(settings.negatives(), catalogue, popularity, popularityPrefix);
        this.rememberedExamples = new RememberedExamples(settings.rehearsal(), this.prefix, REMEMBERED);
        this.announced = new AnnouncedItems(this.prefix, ANNOUNCED, VOICE);
    }

    public void add(TrainingExample example) {
        announced.hear(example);
        put(added++, example);
        size.add(example);
    }

    /**
     * Adds a catalogue change to the open batch. An announced item whose time has not come waits for it, outside of the batch.
     *
     * @return number of examples that left the open batch because their item was removed
     */
    public int change(CatalogueChange change) {
        if (change instanceof CatalogueChange.Upsert upsert
                && upsert.isAnnounced()
                && announced.isAhead(upsert.item())) {
            announced.await(upsert.item(), added++);
            return 0;
        }
        announced.cancel(change.itemId());
        int left = change.isRemoval() ? drop(example -> example.item().equals(change.itemId())) : 0;
        changes.put(added++, change);
        openRemovals.put(change.itemId(), change.isRemoval());
        size.add(change);
        return left;
    }

    /**
     * Adds the removal of a user to the open batch.
     *
     * @return number of the user's examples that left the open batch
     */
    public int removeUser(String user) {
        announced.forgetUser(user);
        int left = drop(example -> example.user().user().equals(user));
        removedUsers.put(added++, user);
        size.addUserRemoval();
        return left;
    }

    /** Returns true if the item was removed from the catalogue, or is removed with the open batch. */
    public boolean isRemoved(String item) {
        if (areOpenRemovalsStale) {
            openRemovals.clear();
            changes.values().forEach(change -> openRemovals.put(change.itemId(), change.isRemoval()));
            areOpenRemovalsStale = false;
        }
        return openRemovals.getOrDefault(item, catalogue.wasRemoved(item));
    }

    /**
     * Returns true if the open batch is full by number or by size.
     *
     * @param isBehind whether the learner is, so that a larger batch is worth it
     */
    public boolean isFull(boolean isBehind) {
        int most = isBehind ? settings.maxSize() : settings.size();
        return examples.size() >= most
                || exposed.size() >= most
                || changes.size() + removedUsers.size() + announced.due(settings.maxChanges()) >= settings.maxChanges()
                || size.isFull(settings.maxBytes());
    }

    public boolean isEmpty() {
        return examples.isEmpty()
                && exposed.isEmpty()
                && changes.isEmpty()
                && removedUsers.isEmpty()
                && announced.due(1) == 0;
    }

    /** Returns the number of catalogue changes that no batch has yet: in the open one, and those that wait for their time. */
    public int openChanges() {
        return changes.size() + announced.count();
    }

    /** Returns the number of catalogue changes that wait for their time. */
    public int announced() {
        return announced.count();
    }

    /** Returns the share of items whose time is more than a week ahead, of those that are there or wait. */
    public double farShare() {
        int all = catalogue.size() + announced.count();
        return all == 0 ? 0 : (double) announced.countAhead(FAR) / all;
    }

    /** Returns the time up to which announced items have come, epoch milliseconds; 0 before the first example. */
    public long clock() {
        return announced.clock();
    }

    /**
     * Moves the clock of announced items on to a time, epoch milliseconds, if it is behind. Before the first example, items come but the
     * clock does not begin.
     */
    public void reach(long time) {
        announced.reach(time);
    }

    /** Returns true if the clock was last moved by {@link #reach}, and not by examples. */
    public boolean isOnTime() {
        return announced.isOnTime();
    }

    /** Returns when the next announced item comes, epoch milliseconds. */
    public OptionalLong nextAnnounced() {
        return announced.next();
    }

    /** Returns the number of positives in the open batch. */
    public int openPositives() {
        return examples.size();
    }

    /** Returns the number of user removals in the open batch. */
    public int openUserRemovals() {
        return removedUsers.size();
    }

    /** Closes the open batch, applies its changes to the catalogue, and opens the next batch. */
    public MiniBatch close() {
        step++;
        long seed = CounterRandom.bits(settings.seed(), step, 0);
        List<CatalogueChange> catalogueChanges = new ArrayList<>(changes.values());
        catalogueChanges.addAll(announced.take(Math.max(1, settings.maxChanges() - changes.size())));
        catalogueChanges.addAll(announcedThatAreNamed(seed));
        catalogueChanges.forEach(this::apply);
        List<CatalogueChange> unknown = unknownItems(seed);
        unknown.forEach(this::apply);
        catalogueChanges.addAll(unknown);
        List<TrainingExample> positives = examples.values().stream()
                .filter(example -> catalogue.contains(example.item()))
                .toList();
        catalogue.recordSightings(step, positives, place -> MiniBatch.isCounted(seed, place, positives.get(place)));
        // plus the number of new items, so that a full catalogue does not grow
        List<CatalogueChange> unannouncedRemovals = catalogue.unannouncedRemovals(
                settings.unannounced(), positives, settings.maxChanges() + unknown.size());
        unannouncedRemovals.forEach(this::apply);
        catalogueChanges.addAll(unannouncedRemovals);
        Set<String> users = new LinkedHashSet<>(removedUsers.values());
        rememberedExamples.forget(users, CatalogueChange.removed(catalogueChanges));
        List<TrainingExample> rehearsed = positives.isEmpty() ? List.of() : rehearsed(seed);
        List<TrainingExample> learnt = new ArrayList<>(positives);
        learnt.addAll(rehearsed);
        int[] items =
                catalogue.numbers(learnt.stream().map(TrainingExample::item).toList());
        NegativeSource.BatchNegatives negatives = positives.isEmpty()
                ? NegativeSource.BatchNegatives.NONE
                : negativeSource.draw(step, seed, learnt, items);
        MiniBatch batch = new MiniBatch(
                step,
                seed,
                catalogueChanges,
                positives,
                logProbabilities(items),
                negatives.shared(),
                logProbabilities(negatives.numbers()),
                catalogue.size(),
                List.copyOf(users),
                negatives.draws(),
                List.copyOf(exposed.values()),
                rehearsed,
                announced.clock());
        observe(batch);
        rememberedExamples.observe(batch);
        examples.clear();
        exposed.clear();
        changes.clear();
        removedUsers.clear();
        openRemovals.clear();
        areOpenRemovalsStale = false;
        size.clear();
        closedUpTo = added;
        return batch;
    }

    /** Applies a batch that another learner closed, so that this batcher can continue after it. */
    public void follow(MiniBatch batch) {
        step = batch.step();
        announced.follow(batch.clock());
        batch.catalogue().forEach(change -> announced.cancel(change.itemId()));
        batch.catalogue().forEach(this::apply);
        catalogue.recordSightings(step, batch.examples(), batch::isCounted);
        observe(batch);
    }

    /** Forgets the examples of a batch that was not learnt, so that no later batch rehearses them. */
    public void forget(MiniBatch unlearnt) {
        rememberedExamples.forget(unlearnt);
    }

    /** @throws IllegalStateException if the stored popularity was written by an estimator of another form */
    @Override
    public void restore(byte[] key, byte[] value) {
        if (key[0] == popularityPrefix) {
            if (negativeSource.isOwn(key)) {
                negativeSource.restore(key, value);
            } else {
                popularity.restore(key, value);
            }
            return;
        }
        if (key[1] == REMEMBERED) {
            rememberedExamples.restore(key, value);
            return;
        }
        if (announced.isOwn(key)) {
            announced.restore(key, value);
            return;
        }
        if (key[1] == COUNTERS) {
            Form.restore(value, this::counters);
            durableFrom = closedUpTo;
            durableTo = added;
            return;
        }
        long number = ByteBuffer.wrap(key).getLong(2);
        BatchFields.read(
                value,
                example -> {
                    put(number, example);
                    size.add(example);
                },
                change -> {
                    changes.put(number, change);
                    areOpenRemovalsStale = true;
                    size.add(change);
                },
                user -> {
                    removedUsers.put(number, user);
                    size.addUserRemoval();
                });
    }

    @Override
    public void drainDirty(EntrySink sink) {
        for (long number = durableFrom; number < Math.min(closedUpTo, durableTo); number++) {
            sink.delete(partKey(number));
        }
        for (long number : dropped) {
            if (number >= closedUpTo
                    && number < durableTo) { // below, it was deleted with its batch; above, it was never written
                sink.delete(partKey(number));
            }
        }
        dropped.clear();
        for (long number = Math.max(closedUpTo, durableTo); number < added; number++) {
            TrainingExample example = example(number);
            CatalogueChange change = changes.get(number);
            String user = removedUsers.get(number);
            if (example != null) {
                sink.put(partKey(number), BatchFields.encoded(example));
            } else if (change != null) {
                sink.put(partKey(number), BatchFields.encoded(change));
            } else if (user != null) {
                sink.put(partKey(number), BatchFields.encodedUserRemoval(user));
            }
        }
        durableFrom = closedUpTo;
        durableTo = added;
        sink.put(new byte[] {prefix, COUNTERS}, Form.written(this::counters));
        rememberedExamples.drainDirty(sink);
        announced.drainDirty(sink);
        popularity.drainDirty(sink);
        negativeSource.drainDirty(sink);
    }

    /** Refuses a stored popularity of another form: its entries have another meaning. */
    private void counters(Form form) {
        step = form.longInteger(step);
        added = form.longInteger(added);
        closedUpTo = form.longInteger(closedUpTo);
        announced.clock(form);
        String here = settings.popularity().form();
        String stored = form.text(here);
        if (!stored.equals(here)) {
            throw new IllegalStateException(
                    "the stored popularity is of the form " + stored + ", and popularity.estimator, "
                            + "popularity.hashes and popularity.buckets ask for " + here
                            + ": continue with those that it was begun with, or begin in an empty state");
        }
    }

    private void observe(MiniBatch batch) {
        int[] items = batch.counted().stream()
                .flatMapToInt(example -> catalogue.number(example.item()).stream())
                .toArray();
        popularity.observe(items);
        negativeSource.observe(items);
    }

    /** Returns old examples to learn again: as many as the settings say, and the size of a batch allows. */
    private List<TrainingExample> rehearsed(long seed) {
        List<TrainingExample> rehearsed = new ArrayList<>();
        for (TrainingExample old : rememberedExamples.draw(seed)) {
            if (size.isFull(settings.maxBytes())) {
                break;
            }
            size.add(old);
            rehearsed.add(old);
        }
        return rehearsed;
    }

    private void apply(CatalogueChange change) {
        int behind = catalogue.size();
        int number = catalogue.number(change.itemId()).orElse(behind);
        catalogue.apply(change);
        if (change.isRemoval()) {
            negativeSource.forget(change.itemId());
        }
        negativeSource.refresh(number);
        if (catalogue.size() < behind) {
            negativeSource.refresh(behind - 1); // the last item took the number of the one removed
        }
    }

    private int drop(Predicate<TrainingExample> isLeaving) {
        List<Long> numbers = new ArrayList<>();
        for (TreeMap<Long, TrainingExample> open : List.of(examples, exposed)) {
            open.forEach((number, example) -> {
                if (isLeaving.test(example)) {
                    numbers.add(number);
                    size.remove(example);
                }
            });
        }
        numbers.forEach(examples::remove);
        numbers.forEach(exposed::remove);
        dropped.addAll(numbers);
        return numbers.size();
    }

    private @Nullable TrainingExample example(long number) {
        TrainingExample positive = examples.get(number);
        return positive == null ? exposed.get(number) : positive;
    }

    private void put(long number, TrainingExample example) {
        (example.isPositive() ? examples : exposed).put(number, example);
    }

    private byte[] partKey(long number) {
        return ByteBuffer.allocate(2 + Long.BYTES)
                .put(prefix)
                .put(PART)
                .putLong(number)
                .array();
    }

    /**
     * Returns the announced items that examples name and that are due. One that is not due comes as an unknown item does, with the
     * probability of the example's weight.
     */
    private List<CatalogueChange> announcedThatAreNamed(long seed) {
        List<CatalogueChange> named = new ArrayList<>();
        int place = 0;
        for (TrainingExample example : examples.values()) {
            boolean isDrawn = CounterRandom.unit(seed, ADDED, place++) < example.weight();
            String item = example.item();
            if (announced.isDue(item) || (isDrawn && !catalogue.contains(item))) {
                announced.cancel(item).map(CatalogueChange.Upsert::new).ifPresent(named::add);
            }
        }
        return named;
    }

    /** Returns the additions of the items that only examples name. */
    private List<CatalogueChange> unknownItems(long seed) {
        Map<String, CatalogueChange> unknown = new LinkedHashMap<>();
        int place = 0;
        for (TrainingExample example : examples.values()) {
            boolean isDrawn = CounterRandom.unit(seed, ADDED, place++) < example.weight();
            if (isDrawn && !catalogue.contains(example.item()) && !catalogue.wasRemoved(example.item())) {
                unknown.computeIfAbsent(
                        example.item(),
                        item -> new CatalogueChange.Upsert(
                                new CatalogueItem(item, example.time(), Features.NONE), false));
            }
        }
        return List.copyOf(unknown.values());
    }

    private float[] logProbabilities(int[] items) {
        float[] logs = new float[items.length];
        for (int at = 0; at < logs.length; at++) {
            logs[at] = (float) popularity.logProbability(items[at], catalogue.size());
        }
        return logs;
    }
}
