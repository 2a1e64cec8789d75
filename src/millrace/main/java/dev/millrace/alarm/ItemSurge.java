package dev.millrace.alarm;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.state.Form;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The item whose clicks its own history explains least, between two measurements: many accounts may act together, each within its cap. It
 * may also be news.
 *
 * <p>The measure of an item is {@code n_i / n − 10 p_i}, at least 0: its share of the clicks, less ten times its share of the clicks
 * before, which the batches have as log-probability. Items of fewer than {@value #LEAST_CLICKS} clicks are not measured.
 *
 * <p>The counts are those of Misra and Gries (1982) with {@value #MOST_ITEMS} counters: too low by at most n / 65, so the measure is never
 * too high.
 */
final class ItemSurge {

    static final int MOST_ITEMS = 64;
    static final int LEAST_CLICKS = 50;
    private static final double TIMES_BEFORE = 10;

    /** @param before share of the clicks before, in [0, 1] */
    private record Counter(long clicks, double before) {
        Counter fields(Form form) {
            return new Counter(form.longInteger(clicks), form.number(before));
        }
    }

    /** An item, and its measure. */
    record Surge(String item, double value) {

        static final Surge NONE = new Surge("", 0);
    }

    private final Map<String, Counter> counters = new LinkedHashMap<>();
    private long clicks;
    private Surge last = Surge.NONE;

    void add(MiniBatch batch) {
        for (int example = 0; example < batch.examples().size(); example++) {
            if (batch.isCounted(example)) {
                clicks++;
                add(batch.examples().get(example).item(), StrictMath.exp(batch.logProbability()[example]));
            }
        }
    }

    /** Forgets the items that the batch removes. Returns whether it knew one of them. */
    boolean forget(MiniBatch batch) {
        boolean isKnown = false;
        for (CatalogueChange change : batch.catalogue()) {
            if (change.isRemoval()) {
                isKnown |= counters.remove(change.itemId()) != null;
                if (change.itemId().equals(last.item)) {
                    last = Surge.NONE;
                    isKnown = true;
                }
            }
        }
        return isKnown;
    }

    private void add(String item, double before) {
        Counter counter = counters.get(item);
        if (counter != null) {
            counters.put(item, new Counter(counter.clicks + 1, counter.before));
        } else if (counters.size() < MOST_ITEMS) {
            counters.put(item, new Counter(1, before));
        } else {
            counters.replaceAll((other, of) -> new Counter(of.clicks - 1, of.before));
            counters.values().removeIf(of -> of.clicks == 0);
        }
    }

    /** Ends the measurement. Returns the largest measure. */
    double measure() {
        last = counters.entrySet().stream()
                .filter(entry -> entry.getValue().clicks >= LEAST_CLICKS)
                .map(entry -> new Surge(entry.getKey(), beyond(entry.getValue())))
                .max(Comparator.comparingDouble(Surge::value))
                .orElse(Surge.NONE);
        counters.clear();
        clicks = 0;
        return last.value;
    }

    private double beyond(Counter counter) {
        return Math.max(0, (double) counter.clicks / clicks - TIMES_BEFORE * counter.before);
    }

    /** Returns the item of the last measurement. */
    Optional<String> item() {
        return Optional.of(last.item).filter(item -> !item.isEmpty());
    }

    void fields(Form form) {
        clicks = form.longInteger(clicks);
        last = new Surge(form.text(last.item), form.number(last.value));
        List<Map.Entry<String, Counter>> kept = form.list(
                List.copyOf(counters.entrySet()),
                Map.entry("", new Counter(0, 0)),
                (of, one) -> Map.entry(of.text(one.getKey()), one.getValue().fields(of)));
        counters.clear();
        kept.forEach(one -> counters.put(one.getKey(), one.getValue()));
    }
}
