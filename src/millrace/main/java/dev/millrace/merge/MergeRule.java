package dev.millrace.merge;

import dev.millrace.model.SharedNumbers;
import dev.millrace.model.SharedNumbers.Change;
import dev.millrace.state.CorruptEntryException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adds up what shards changed, in the order in which it is given: shards ascending, the deltas of a shard by their numbers. One round, one thread.
 *
 * <pre>
 * rows of a table of more than {@value #FEW_ROWS} rows, a the accumulator before, q_s what shard s adds to it, Q = Σ q_s:
 *   w += Σ r_s² δ_s,  a += Q,  r_s = (√(a + q_s) + √a) / (√(a + Q) + √a)
 * rows of a smaller table:  w += mean of δ_s, a too, over the shards that touched the row
 * networks, learned numbers:  w += Σ n_s δ_s / Σ n_s, accumulators too; n_s the examples that shard s learnt
 * statistics:  one after the other
 * </pre>
 *
 * <p>What one shard alone changed is added as it is. A row that the base does not have begins at its initial values.
 */
final class MergeRule {

    /** Rows of a table up to which its rows are as those of networks: each batch touches most of them. */
    static final int FEW_ROWS = 1_000;

    private final SharedNumbers numbers;
    private final Map<ByteBuffer, List<Part>> parts = new LinkedHashMap<>();
    private final Map<Integer, Long> examples = new HashMap<>();

    /** What one shard changed of an entry. */
    private record Part(int shard, double[] difference) {}

    /** @param numbers of the base */
    MergeRule(SharedNumbers numbers) {
        this.numbers = numbers;
    }

    /** @param learnt number of examples that the changes are of */
    void add(int shard, List<Change> changes, long learnt) {
        examples.merge(shard, learnt, Long::sum);
        for (Change change : changes) {
            List<Part> known = parts.computeIfAbsent(ByteBuffer.wrap(change.key()), key -> new ArrayList<>(1));
            int last = known.size() - 1;
            if (last >= 0 && known.get(last).shard() == shard) {
                double[] both = numbers.plus(change.key(), known.get(last).difference(), change.numbers());
                known.set(last, new Part(shard, both));
            } else {
                known.add(new Part(shard, change.numbers()));
            }
        }
    }

    /** Returns the new numbers, each entry once. */
    List<Change> merged() {
        Map<String, Boolean> areFew = new HashMap<>(); // as of before the round adds rows
        parts.keySet().forEach(key -> numbers.kind(key.array())
                .filter(kind -> kind == SharedNumbers.Kind.ROW)
                .ifPresent(row -> areFew.computeIfAbsent(
                        SharedNumbers.table(key.array()), table -> numbers.rows(table) <= FEW_ROWS)));
        List<Change> merged = new ArrayList<>(parts.size());
        parts.forEach((key, all) -> merged.add(new Change(key.array(), merged(key.array(), all, areFew))));
        return merged;
    }

    private double[] merged(byte[] key, List<Part> all, Map<String, Boolean> areFew) {
        double[] before = numbers.now(key);
        SharedNumbers.Kind kind = numbers.kind(key)
                .orElseThrow(() -> new IllegalStateException("a delta changes an entry that shards do not share"));
        if (all.size() == 1 || kind == SharedNumbers.Kind.STATISTICS) {
            double[] sum = before;
            for (Part part : all) {
                sum = numbers.plus(key, sum, part.difference());
            }
            return sum;
        }
        double[] weights = new double[all.size()];
        if (kind != SharedNumbers.Kind.ROW) {
            double sum = all.stream().mapToLong(part -> examples(part)).sum();
            for (int at = 0; at < weights.length; at++) {
                weights[at] = examples(all.get(at)) / sum;
            }
            return sum(key, before, all, weights, weights);
        }
        double[] ofAccumulators = new double[all.size()];
        boolean isMean = areFew.getOrDefault(SharedNumbers.table(key), false);
        double a = before[before.length - 1];
        double total = 0; // added up in this order
        for (Part part : all) {
            total += accumulated(part);
        }
        for (int at = 0; at < weights.length; at++) {
            double below = Math.sqrt(a + total) + Math.sqrt(a);
            double r = below == 0 ? 1 : (Math.sqrt(a + accumulated(all.get(at))) + Math.sqrt(a)) / below;
            weights[at] = isMean ? 1.0 / all.size() : r * r;
            ofAccumulators[at] = isMean ? 1.0 / all.size() : 1;
        }
        return sum(key, before, all, weights, ofAccumulators);
    }

    private long examples(Part part) {
        return examples.getOrDefault(part.shard(), 0L);
    }

    private static double accumulated(Part part) {
        return part.difference()[part.difference().length - 1];
    }

    /** @param ofLast weights of the last number, which is the accumulator of a row */
    private double[] sum(byte[] key, double[] before, List<Part> all, double[] weights, double[] ofLast) {
        double[] sum = new double[before.length];
        for (int part = 0; part < weights.length; part++) {
            double[] difference = all.get(part).difference();
            if (difference.length != before.length) {
                throw new CorruptEntryException("shard " + all.get(part).shard() + " changes " + difference.length
                        + " numbers of an entry that has " + before.length);
            }
            for (int at = 0; at < sum.length; at++) {
                sum[at] += (at == sum.length - 1 ? ofLast : weights)[part] * difference[at];
            }
        }
        return numbers.plus(key, before, sum);
    }
}
