package dev.millrace.model;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.model.table.TableRows;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntryShare;
import dev.millrace.state.EntrySource;
import dev.millrace.state.EntrySum;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Sha256;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;

/**
 * Rows of users in the entries of learners that share a model, each of which has those of its own users. Here they change their learner, with
 * what is stored beside them: their number and sum. All else of a learner stays.
 */
public final class UserRows {

    private final List<String> tables;
    private final ToIntFunction<String> learners;
    private final IntFunction<OrderedEntries> entries;
    private final MessageDigest sha = Sha256.start();
    private final SortedMap<Integer, SortedMap<String, EntrySum>> sums = new TreeMap<>(); // by learner and table
    private long moved;

    /**
     * @param learners learner of a user, from now on
     * @param entries of a learner, as its last drain wrote them; they are changed
     */
    public UserRows(ModelSettings model, ToIntFunction<String> learners, IntFunction<OrderedEntries> entries) {
        this.tables = tables(model);
        this.learners = learners;
        this.entries = entries;
    }

    /** Returns the tables whose rows are of users. */
    static List<String> tables(ModelSettings model) {
        return model.user().stream()
                .filter(EmbeddingTables::namesUsers)
                .map(FeatureSpec::table)
                .distinct()
                .toList();
    }

    /**
     * Moves the rows that are with another learner than that of their user. {@link #finish} must follow.
     *
     * @param count number of learners that have rows
     */
    public void move(int count) {
        for (int learner = 0; learner < count; learner++) {
            for (String table : tables) {
                int from = learner;
                byte[] rows = ModelEntry.rows(table);
                List<byte[]> leaving = new ArrayList<>();
                entries.apply(from).scan(rows, EntrySource.behind(rows), (key, value) -> {
                    if (learners.applyAsInt(ModelEntry.of(key).rowKey()) != from) {
                        leaving.add(key);
                    }
                    return true;
                });
                leaving.forEach(key -> move(from, key));
            }
        }
    }

    private void move(int from, byte[] key) {
        byte[] value = entries.apply(from).get(key).orElseThrow();
        give(key, value);
        sum(from, key, sum -> sum.minus(EntryShare.of(sha, key, value)));
        entries.apply(from).delete(key);
    }

    /** Gives the learner of its user a row that no learner had. {@link #finish} must follow. */
    public void give(byte[] key, byte[] value) {
        int to = learners.applyAsInt(ModelEntry.of(key).rowKey());
        if (entries.apply(to).get(key).isPresent()) {
            throw new CorruptEntryException(
                    "shard " + to + " has a row already that another shard has too: each user must be of one");
        }
        sum(to, key, sum -> sum.plus(EntryShare.of(sha, key, value)));
        entries.apply(to).put(key, value);
        moved++;
    }

    private void sum(int learner, byte[] key, UnaryOperator<EntrySum> change) {
        String table = ModelEntry.of(key).table();
        sums.computeIfAbsent(learner, first -> new TreeMap<>())
                .compute(
                        table,
                        (name, sum) ->
                                change.apply(sum == null ? stored(learner, name).rows() : sum));
    }

    private TableRows stored(int learner, String table) {
        return entries.apply(learner)
                .get(ModelEntry.table(table))
                .map(TableRows::read)
                .orElse(TableRows.NONE);
    }

    /** Writes what is stored beside the rows. Returns the number of rows that changed their learner. */
    public long finish() {
        sums.forEach((learner, ofTables) -> ofTables.forEach((table, sum) -> entries.apply(learner)
                .put(ModelEntry.table(table), stored(learner, table).of(sum).entry())));
        return moved;
    }
}
