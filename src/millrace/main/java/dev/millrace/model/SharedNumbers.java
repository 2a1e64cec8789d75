package dev.millrace.model;

import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.RowNumbers;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * What learners of one model share of it, as numbers that can be subtracted and added up: networks, their accumulators, learned
 * temperature and objectives, statistics, and the rows of all tables but those of users. One thread.
 *
 * <p>A number is named by the key of its entry. Floats stay floats: what is subtracted or added is rounded to the nearest one.
 */
public final class SharedNumbers {

    /** Added to any number, a zero included, it changes no bit. */
    private static final double UNCHANGED = -0.0;

    /** What numbers are. */
    public enum Kind {
        /** Components of a row, then its accumulator. */
        ROW,
        /** Weights of networks, or their accumulators. */
        TENSOR,
        /** Learned numbers, each followed by its accumulator. */
        LEARNED,
        /** Sums of a feature's numbers. */
        STATISTICS
    }

    /**
     * New numbers of an entry.
     *
     * @param key of the entry
     * @param numbers all of them
     */
    public record Change(byte[] key, double[] numbers) {}

    private final TwoTower model;
    private final Map<String, RowNumbers> rows = new TreeMap<>();

    public SharedNumbers(TwoTower model) {
        this.model = model;
        EmbeddingTables tables = model.embeddings();
        tables.byName().forEach((name, table) -> {
            if (!tables.isUserIdTable(name)) {
                rows.put(name, new RowNumbers(table));
            }
        });
    }

    /** Returns what the keys of the rows of users begin with: each learner has its own. */
    public static List<byte[]> ownRows(ModelSettings settings) {
        return UserRows.tables(settings).stream().map(ModelEntry::rows).toList();
    }

    /** Returns whether an entry is what a learner keeps beside its rows of users. */
    public boolean isBesideOwnRows(byte[] key) {
        ModelEntry entry = ModelEntry.of(key);
        return entry.kind() == ModelEntry.Kind.TABLE && model.embeddings().isUserIdTable(entry.table());
    }

    /** Returns what the numbers of an entry are; absent if they are not shared. */
    public Optional<Kind> kind(byte[] key) {
        ModelEntry entry = ModelEntry.of(key);
        return switch (entry.kind()) {
            case ROW -> rows.containsKey(entry.table()) ? Optional.of(Kind.ROW) : Optional.empty();
            case WEIGHTS, FIRST_SLOT -> Optional.of(Kind.TENSOR);
            case LEARNED_TEMPERATURE, LEARNED_OBJECTIVES -> Optional.of(Kind.LEARNED);
            case STATISTICS -> Optional.of(Kind.STATISTICS);
            case HEADER, SECOND_SLOT, NETWORK_STEPS, MIXTURE, TABLE, SIGHTINGS, UPKEEP -> Optional.empty();
        };
    }

    /** Returns whether the numbers of an entry are floats. */
    public static boolean areFloats(byte[] key) {
        return ModelEntry.Kind.ROW.isOf(key)
                || ModelEntry.Kind.WEIGHTS.isOf(key)
                || ModelEntry.Kind.FIRST_SLOT.isOf(key);
    }

    /** Returns the table of a row. */
    public static String table(byte[] rowKey) {
        return ModelEntry.of(rowKey).table();
    }

    /** Returns the item whose row an entry is; absent if it is of something else. */
    public Optional<String> item(byte[] key) {
        return Optional.of(ModelEntry.of(key))
                .filter(entry -> entry.kind() == ModelEntry.Kind.ROW
                        && model.embeddings().isItemTable(entry.table()))
                .map(ModelEntry::rowKey);
    }

    /** Returns the number of rows of a table. */
    public long rows(String table) {
        return numbers(table).size();
    }

    /** Returns the order of the last touch of a stored row. */
    public long moment(byte[] key, byte[] value) {
        return numbers(table(key)).moment(value);
    }

    /** Returns the numbers of a stored entry. */
    public double[] read(byte[] key, byte[] value) {
        ModelEntry entry = ModelEntry.of(key);
        return switch (entry.kind()) {
            case ROW -> widened(numbers(entry.table()).read(value));
            case WEIGHTS, FIRST_SLOT -> widened(ModelEntry.floats(value));
            default ->
                Form.read(value, form -> {
                    double[] all = new double[(value.length - Form.written(nothing -> {}).length) / Double.BYTES];
                    form.numbers(all);
                    return all;
                });
        };
    }

    /** Returns the numbers of an entry that is not stored yet, which only a row may be. */
    public double[] initial(byte[] key) {
        ModelEntry entry = ModelEntry.of(key);
        if (entry.kind() != ModelEntry.Kind.ROW) {
            throw new CorruptEntryException("the shared entry " + entry.description() + " is missing");
        }
        return widened(numbers(entry.table()).initial(entry.rowKey()));
    }

    /** Returns the value of an entry of some numbers. */
    public byte[] value(byte[] key, double[] numbers) {
        ModelEntry entry = ModelEntry.of(key);
        return switch (entry.kind()) {
            case ROW -> numbers(entry.table()).value(narrowed(numbers));
            case WEIGHTS, FIRST_SLOT -> new Fields().floats(narrowed(numbers)).framed();
            default -> Form.written(form -> form.numbers(numbers));
        };
    }

    /** Returns what {@link #plus} adds to get from some numbers to others: nearly, where a float cannot hold it. */
    public double[] difference(byte[] key, double[] now, double[] before) {
        if (ModelEntry.Kind.STATISTICS.isOf(key)) {
            return moments(moments(now).since(moments(before)));
        }
        double[] difference = new double[now.length];
        boolean areFloats = areFloats(key);
        for (int at = 0; at < now.length; at++) {
            double exact = now[at] == before[at] ? UNCHANGED : now[at] - before[at];
            difference[at] = areFloats ? (float) exact : exact;
        }
        return difference;
    }

    public double[] plus(byte[] key, double[] before, double[] difference) {
        if (difference.length != before.length) {
            throw new CorruptEntryException("a change of " + ModelEntry.of(key).description() + " has "
                    + difference.length + " numbers, must have " + before.length);
        }
        if (ModelEntry.Kind.STATISTICS.isOf(key)) {
            return moments(moments(before).plus(moments(difference)));
        }
        double[] sum = new double[before.length];
        boolean areFloats = areFloats(key);
        for (int at = 0; at < before.length; at++) {
            sum[at] = areFloats ? (float) (before[at] + difference[at]) : before[at] + difference[at];
        }
        return sum;
    }

    /** Returns the numbers of an entry as they are now; a row that the model does not have is added. */
    public double[] now(byte[] key) {
        ModelEntry entry = ModelEntry.of(key);
        return switch (entry.kind()) {
            case ROW -> widened(numbers(entry.table()).now(entry.rowKey()));
            case WEIGHTS, FIRST_SLOT -> read(key, ModelEntry.value(tensor(entry), entry.chunk()));
            case STATISTICS -> moments(tower(entry).inputs().moments(entry.feature()));
            default ->
                read(
                        key,
                        Objects.requireNonNull(model.state().singles().get(entry.kind()))
                                .value());
        };
    }

    private float[] tensor(ModelEntry entry) {
        Tower tower = tower(entry);
        float[][] tensors = entry.kind() == ModelEntry.Kind.WEIGHTS
                ? tower.weights()
                : tower.optimiser().tensors().slots()[0];
        if (entry.tensor() >= tensors.length) {
            throw new CorruptEntryException("the networks have no tensor " + entry.tensor());
        }
        return tensors[entry.tensor()];
    }

    private Tower tower(ModelEntry entry) {
        return entry.side().of(model.userTower(), model.itemTower());
    }

    /**
     * Runs a step that others have learnt.
     *
     * @param step of the log
     * @param time latest event time of what they learnt, epoch milliseconds
     * @param changes gives each entry once; of a table, in the order in which its rows are touched
     */
    public void step(long step, long time, Supplier<List<Change>> changes) {
        model.stepOfOthers(time, tables -> {
            Map<String, Integer> places = new TreeMap<>();
            for (Change change : changes.get()) {
                ModelEntry entry = ModelEntry.of(change.key());
                if (entry.kind() == ModelEntry.Kind.ROW) {
                    String table = entry.table();
                    int place = places.merge(table, 1, Integer::sum) - 1;
                    float distance = numbers(table)
                            .replace(
                                    entry.rowKey(),
                                    narrowed(change.numbers()),
                                    step,
                                    place,
                                    model.upkeep().clock());
                    tables.move(table, entry.rowKey(), distance);
                } else {
                    set(entry, change.numbers());
                    if (entry.kind() == ModelEntry.Kind.STATISTICS) {
                        tower(entry).inputs().touchMoments();
                    }
                }
            }
        });
    }

    /** Takes over an entry of the learner that all follow, and that has not changed here since the last drain. */
    public void follow(byte[] key, Optional<byte[]> value) {
        ModelEntry entry = ModelEntry.of(key);
        model.countChange();
        if (entry.kind() == ModelEntry.Kind.ROW) {
            EmbeddingTable table = Objects.requireNonNull(model.tables().get(entry.table()));
            table.leave(entry.rowKey());
        } else if (entry.kind() == ModelEntry.Kind.UPKEEP) {
            model.restore(key, value.orElseThrow());
        } else if (kind(key).isPresent()) {
            set(entry, read(key, value.orElseThrow()));
        }
    }

    private void set(ModelEntry entry, double[] numbers) {
        switch (entry.kind()) {
            case LEARNED_TEMPERATURE -> model.objective().temperature().replace(numbers);
            case LEARNED_OBJECTIVES -> model.objective().objectiveWeights().replace(numbers);
            default -> model.restore(entry.key(), value(entry.key(), numbers));
        }
    }

    private RowNumbers numbers(String table) {
        return Optional.ofNullable(rows.get(table))
                .orElseThrow(
                        () -> new CorruptEntryException("a change is of table " + table + ", which is not shared"));
    }

    private static Moments moments(double[] numbers) {
        return Moments.read(Form.written(form -> form.numbers(numbers)));
    }

    private static double[] moments(Moments moments) {
        double[] numbers = new double[3 * Moments.GROUPS];
        Form.restore(moments.entry(), form -> form.numbers(numbers));
        return numbers;
    }

    private static double[] widened(float[] floats) {
        double[] numbers = new double[floats.length];
        Arrays.setAll(numbers, at -> floats[at]);
        return numbers;
    }

    private static float[] narrowed(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int at = 0; at < floats.length; at++) {
            floats[at] = (float) numbers[at];
        }
        return floats;
    }
}
