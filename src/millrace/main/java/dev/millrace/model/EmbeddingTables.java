package dev.millrace.model;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.pool.Rows;
import dev.millrace.model.table.Descent;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.RowGradients;
import dev.millrace.model.table.TableStorage;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.EntrySum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** All embedding tables of a model, and the gradients of their rows in one step. One thread. */
final class EmbeddingTables {

    private static final long NEVER = Long.MIN_VALUE;
    /** After an eviction, this part of the budget is free, so that not each step evicts. */
    private static final int FREED_PART = 16;

    private final ModelSettings settings;
    private final RowStorage storage;
    private final StepEngine engine;
    private final SortedMap<String, EmbeddingTable> tables = new TreeMap<>();
    private final SortedMap<String, RowGradients> gradients = new TreeMap<>();
    private final Set<String> userTables = new HashSet<>();
    private final Set<String> itemIdTables = new HashSet<>();
    private final Set<String> userIdTables = new HashSet<>();

    /** Of the last step; filled only after {@link #keepMoves}. */
    private final MovedItems moved = new MovedItems();

    EmbeddingTables(ModelSettings settings, RowStorage storage, StepEngine engine) {
        this.settings = settings;
        this.storage = storage;
        this.engine = engine;
        add(settings.user(), userTables);
        add(settings.item(), new HashSet<>());
    }

    private void add(List<FeatureSpec> features, Set<String> names) {
        for (FeatureSpec feature : features) {
            if (feature.hasRows()) {
                names.add(feature.table());
                if (feature.namesItems()) {
                    itemIdTables.add(feature.table());
                }
                if (namesUsers(feature)) {
                    userIdTables.add(feature.table());
                }
                EmbeddingTable table = tables.computeIfAbsent(
                        feature.table(),
                        name -> new EmbeddingTable(
                                name,
                                feature.dim(),
                                settings.initialRows(),
                                settings.optimiser().rows().rule(),
                                settings.tables().admitAfter(),
                                new TableStorage(ModelEntry.rows(name), storage.rows(), engine.readers())));
                gradients.computeIfAbsent(feature.table(), name -> new RowGradients(table, engine.team()));
            }
        }
    }

    private static boolean namesUsers(FeatureSpec feature) {
        return feature.source() == Source.USER && feature.kind() == Kind.ID;
    }

    /** All tables, by name. */
    SortedMap<String, EmbeddingTable> byName() {
        return Collections.unmodifiableSortedMap(tables);
    }

    /** Returns the table of a feature that has rows. */
    EmbeddingTable table(FeatureSpec feature) {
        return known(tables, feature);
    }

    /** Returns the rows of a feature that has rows. */
    Rows rows(FeatureSpec feature) {
        return new Rows.OfTable(table(feature), known(gradients, feature));
    }

    /** Returns the item feature that a history is of. */
    FeatureSpec historyOf(FeatureSpec history) {
        return settings.historyOf(history);
    }

    private static <T> T known(Map<String, T> byTable, FeatureSpec feature) {
        return Optional.ofNullable(byTable.get(feature.table()))
                .orElseThrow(() -> new IllegalArgumentException("feature " + feature.name() + " names no table"));
    }

    /** Returns whether the user tower reads a table's rows. */
    boolean isUserTable(String name) {
        return userTables.contains(name);
    }

    /** Number of rows of all tables. */
    long rowCount() {
        return sum(EmbeddingTable::size);
    }

    /** Returns the sum of all rows' entries as of the last drain. */
    EntrySum rowSum() {
        return tables.values().stream().map(EmbeddingTable::sum).reduce(EntrySum.NONE, EntrySum::plus);
    }

    /**
     * Begins with the stored rows, when all else is restored.
     *
     * @param checked see {@link EmbeddingTable#begin}
     * @throws CorruptEntryException if there are rows of other tables
     */
    void begin(long checked) {
        byte[] from = ModelEntry.Kind.ROW.key();
        byte[] end = EntrySource.behind(from);
        SortedSet<byte[]> prefixes = new TreeSet<>(Arrays::compareUnsigned);
        tables.keySet().forEach(name -> prefixes.add(ModelEntry.rows(name)));
        for (byte[] prefix : prefixes) {
            requireNoRows(from, prefix);
            from = EntrySource.behind(prefix);
        }
        requireNoRows(from, end);
        tables.values().forEach(table -> table.begin(checked));
    }

    private void requireNoRows(byte[] from, byte[] to) {
        storage.rows().scan(from, to, (key, value) -> {
            throw new CorruptEntryException(
                    "the model has no such table: " + ModelEntry.of(key).description());
        });
    }

    /** Takes rows off the heap if they need more than the cache may. Row numbers are not valid afterwards. */
    void makeRoom() {
        long bytes = heapBytes();
        if (bytes <= storage.cacheBytes()) {
            return;
        }
        long excess = bytes - storage.cacheBytes() + storage.cacheBytes() / FREED_PART;
        int idle = 0; // rounds in which nothing became free: at first, all rows may be recent
        while (excess > 0 && idle < 2 * EmbeddingTable.EVICTION_PARTS) {
            long before = excess;
            for (EmbeddingTable table : tables.values()) {
                excess -= table.evict(excess);
            }
            idle = excess < before ? 0 : idle + 1;
        }
    }

    /** Runs what reads rows in passing: if the heap is full, rows that it reads from the store leave again. Row numbers are not valid afterwards. */
    void pass(Runnable reading) {
        tables.values().forEach(EmbeddingTable::pass);
        reading.run();
        boolean isRoomShort = heapBytes() > storage.cacheBytes() - 2 * (storage.cacheBytes() / FREED_PART);
        tables.values().forEach(table -> table.leavePassed(isRoomShort));
    }

    HeapRows heapRows() {
        return new HeapRows(
                heapBytes(), sum(EmbeddingTable::read), sum(EmbeddingTable::missed), sum(EmbeddingTable::learnt));
    }

    private long heapBytes() {
        return sum(EmbeddingTable::heapBytes);
    }

    private long sum(ToLongFunction<EmbeddingTable> numbers) {
        return tables.values().stream().mapToLong(numbers).sum();
    }

    /** Adds the gradient of the L2 penalty on the rows that the step reads. */
    void addPenalty(float l2) {
        if (l2 != 0f) {
            gradients.values().forEach(rows -> rows.addPenalty(l2));
        }
    }

    /** L2 norm of the gradients of all rows. */
    double gradientNorm() {
        double squares = 0;
        for (RowGradients rows : gradients.values()) {
            squares += rows.squaredNorm();
        }
        return Math.sqrt(squares);
    }

    /** Discards the gradients and sightings of a refused step. */
    void forgetStep() {
        gradients.values().forEach(RowGradients::clear);
        tables.values().forEach(EmbeddingTable::forgetSightings);
    }

    /**
     * Clips the gradient of each row, updates the rows, and removes the gradients. Follows {@link #gradientNorm}.
     *
     * @param clock event time of the model, epoch milliseconds
     */
    void apply(long step, long clock) {
        Descent descent = settings.optimiser().rows();
        moved.clear();
        for (RowGradients rows : gradients.values()) {
            if (descent.maxGradientNorm() > 0) {
                rows.clip(descent.maxGradientNorm());
            }
            rows.apply(descent.learningRate(step), step, clock);
            noteMoves(rows);
            rows.clear();
        }
    }

    private void noteMoves(RowGradients rows) {
        for (int slot = 0; slot < rows.count(); slot++) {
            float distance = rows.distance(slot);
            if (distance > 0) {
                moved.add(rows.table().key(rows.row(slot)), distance);
            }
        }
    }

    /** From now on, each step records how far it moves the rows of items. */
    void keepMoves() {
        gradients.values().stream()
                .filter(rows -> itemIdTables.contains(rows.table().name()))
                .forEach(RowGradients::keepDistances);
    }

    /** Returns the items whose rows the last step moved; none before {@link #keepMoves}. */
    MovedItems moved() {
        return moved;
    }

    /**
     * Counts the keys that the step read and that got no row. Then removes rows that no step touched for long, and rows above a
     * table's maximum, see {@link EmbeddingTable#keepUp}.
     */
    void keepUp(TableUpkeep upkeep) {
        long expireMillis = settings.tables().expireAfter().toMillis();
        long before = expireMillis > 0 ? upkeep.clock() - expireMillis : NEVER;
        for (EmbeddingTable table : tables.values()) {
            long waiting = table.countSightings();
            EmbeddingTable.Removals removals =
                    table.keepUp(before, settings.tables().maxRows());
            upkeep.count(waiting, removals.expired(), removals.displaced());
        }
    }

    /** Removes an item's or a user's own rows. */
    void remove(String key, boolean isItem) {
        Set<String> from = isItem ? itemIdTables : userIdTables;
        for (EmbeddingTable table : tables.values()) {
            if (from.contains(table.name())) {
                table.remove(key);
            }
        }
    }

    /** A row of the user tower that is not finite. */
    record UnusableRow(EmbeddingTable table, String key) {

        /** Whether it still is. */
        boolean isLeft() {
            return !table.isUsable(key);
        }

        /** Why nothing may be published. */
        String reason() {
            return "a row of table " + table.name() + " is not finite"; // the key may be a user's
        }
    }

    /** Returns a row that changed since the last drain and is not finite, if there is one. */
    Optional<UnusableRow> unusableChange() {
        return userTables()
                .flatMap(table -> table.unusableChange().stream().map(key -> new UnusableRow(table, key)))
                .findFirst();
    }

    /**
     * Returns a row that is not finite among those from a key on, if there is one.
     *
     * @param most number of rows; those that the next drain deletes are passed over
     */
    Optional<UnusableRow> unusableRow(byte[] from, long most) {
        long[] left = {
            most + userTables().mapToLong(EmbeddingTable::removedRows).sum()
        };
        List<UnusableRow> found = new ArrayList<>();
        forEachUserEntryFrom(from, (table, key, value) -> {
            table.unusable(key, value).map(row -> new UnusableRow(table, row)).ifPresent(found::add);
            left[0]--;
            return left[0] > 0 && found.isEmpty();
        });
        return found.stream().findFirst();
    }

    /** Number of rows that the user tower reads. */
    long userRows() {
        return userTables().mapToLong(EmbeddingTable::size).sum();
    }

    /** Takes the entries of user rows. */
    interface UserEntries {
        /** Returns false for the last entry that it wants. */
        boolean take(EmbeddingTable table, byte[] key, byte[] value);
    }

    /** Visits the stored entries of rows that the user tower reads, from a key on, in the order of the keys. Before a drain, those of changed rows are as they were. */
    void forEachUserEntryFrom(byte[] from, UserEntries visitor) {
        boolean[] isWanted = {true};
        userTables()
                .filter(table -> Arrays.compareUnsigned(from, EntrySource.behind(ModelEntry.rows(table.name()))) < 0)
                .sorted(Comparator.comparing(table -> ModelEntry.rows(table.name()), Arrays::compareUnsigned))
                .takeWhile(table -> isWanted[0])
                .forEach(table -> table.forEachEntryFrom(from, (key, value) -> {
                    isWanted[0] = visitor.take(table, key, value);
                    return isWanted[0];
                }));
    }

    private Stream<EmbeddingTable> userTables() {
        return tables.values().stream().filter(table -> isUserTable(table.name()));
    }
}
