package dev.millrace.offpolicy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Click rates of items at places, as the model of the doubly robust estimate. Those for a row are counted on the half of the users that
 * the row's user is not in, so that no row is judged by its own click: (clicks + 1) / (rows + 1 / m), with the place's mean m.
 */
final class ClickRates {

    /** A policy that does not look at the context. */
    interface Policy {

        /** Returns the probability with which the item is shown at the place, in [0, 1]. */
        double probability(int item, int place);
    }

    private ClickRates() {}

    /**
     * Returns the rows with the probabilities of a policy and what is expected of it.
     *
     * @param items number of items, which are numbered from 0
     */
    static List<Shown> against(Policy candidate, List<Shown> shown, int items) {
        Map<Integer, double[]> rates = new HashMap<>();
        shown.stream()
                .collect(Collectors.groupingBy(ClickRates::half))
                .forEach((half, rows) -> rates.put(half ^ 1, rates(candidate, rows, items)));
        double[] none = new double[items + 1];
        return shown.stream()
                .map(row -> {
                    double[] rate = rates.getOrDefault(half(row), none);
                    return row.with(candidate.probability(row.item(), row.place()), rate[row.item()], rate[items]);
                })
                .toList();
    }

    /** A number of place and half; those of a place's two halves differ in the last bit. */
    private static int half(Shown row) {
        return row.place() * 2 + row.user() % 2;
    }

    /** The rate of each item, then their mean over what the candidate shows. */
    private static double[] rates(Policy candidate, List<Shown> rows, int items) {
        double[] clicks = new double[items];
        double[] shown = new double[items];
        for (Shown row : rows) {
            clicks[row.item()] += row.isClicked() ? 1 : 0;
            shown[row.item()]++;
        }
        double all = Arrays.stream(clicks).sum();
        double[] rates = new double[items + 1];
        for (int item = 0; item < items && all > 0; item++) {
            rates[item] = (clicks[item] + 1) / (shown[item] + rows.size() / all);
            rates[items] += candidate.probability(item, rows.get(0).place()) * rates[item];
        }
        return rates;
    }
}
