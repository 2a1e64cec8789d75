package dev.millrace.evaluate;

import dev.millrace.catalogue.CatalogueChange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Item-kNN, a baseline without a model: counts which items occur together in the histories of users.
 *
 * <p>The similarity of two items is the cosine of their sets of users, {@code n_ij / √(n_i n_j)}, kept up to date by
 * counting (Miranda and Jorge 2008, incremental collaborative filtering for binary ratings). The score of an item for a user is the sum of its
 * similarities to the latest items of the user. All neighbours count, not only the nearest.
 *
 * <p>Cost: one count for each pair of items of a user, so memory grows with the square of the history. Use it for data sets, not for a stream.
 */
final class ItemNeighbours {

    /** Number of latest items of a history that count: the default length of the history of a tower. */
    static final int LATEST = 20;

    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Item> items = new ArrayList<>();
    private final Map<String, Numbers> hadByUser = new HashMap<>();

    /** Lists an item, or removes it from the list. */
    void change(CatalogueChange change) {
        items.get(number(change.itemId())).isListed = !change.isRemoval();
    }

    /** Counts an item of a user. The same item again changes nothing. */
    void observe(String user, String item) {
        int number = number(item);
        Numbers had = hadByUser.computeIfAbsent(user, absent -> new Numbers());
        if (had.stream().anyMatch(one -> one == number)) {
            return;
        }
        items.get(number).users++;
        had.stream().forEach(other -> {
            items.get(number).increment(other);
            items.get(other).increment(number);
        });
        had.add(number);
    }

    /** Returns the items of a user. */
    Set<String> had(String user) {
        return hadByUser.getOrDefault(user, new Numbers()).stream()
                .mapToObj(this::item)
                .collect(Collectors.toCollection(HashSet::new));
    }

    /**
     * Returns the scores of all items for a user.
     *
     * @param history latest first
     * @return [items] by number; 0 for an item that never occurs together with one of the history
     */
    double[] scores(List<String> history) {
        double[] scores = new double[items.size()];
        for (String had : new LinkedHashSet<>(history.subList(0, Math.min(LATEST, history.size())))) {
            Integer number = numbers.get(had);
            if (number != null) {
                items.get(number).addTo(scores);
            }
        }
        for (int number = 0; number < scores.length; number++) {
            scores[number] = scores[number] == 0 ? 0 : scores[number] / Math.sqrt(items.get(number).users);
        }
        return scores;
    }

    /**
     * Returns the rank of an item among all listed items, without the other items of the history.
     *
     * @param history of the user, latest first
     * @return rank from 1; a tie counts one half
     */
    double place(String item, List<String> history) {
        int target = number(item);
        double[] scores = scores(history);
        Set<String> excluded = new HashSet<>(history);
        excluded.add(item);
        int better = 0;
        int equal = 0;
        for (int number = 0; number < scores.length; number++) {
            if (items.get(number).isListed && !excluded.contains(item(number))) {
                better += scores[number] > scores[target] ? 1 : 0;
                equal += scores[number] == scores[target] ? 1 : 0;
            }
        }
        return 1 + better + equal / 2.0;
    }

    /**
     * Returns the listed items with the highest scores for a user. Items with score 0 are not returned.
     *
     * @param history latest first
     * @param excluded items that must not be returned
     */
    List<String> nearest(List<String> history, int k, Set<String> excluded) {
        double[] scores = scores(history);
        List<Integer> found = new ArrayList<>();
        for (int number = 0; number < scores.length; number++) {
            if (scores[number] > 0 && items.get(number).isListed && !excluded.contains(item(number))) {
                found.add(number);
            }
        }
        found.sort(Comparator.comparingDouble((Integer number) -> scores[number])
                .reversed()
                .thenComparing(this::item));
        return found.stream().limit(k).map(this::item).toList();
    }

    String item(int number) {
        return items.get(number).name;
    }

    /** Returns the number of an item, which it keeps. */
    int number(String item) {
        return numbers.computeIfAbsent(item, absent -> {
            items.add(new Item(item));
            return items.size() - 1;
        });
    }

    /** An item, and how many users had it together with each other one: a hash table with linear probing. */
    private static final class Item {
        private final String name;
        private boolean isListed;
        private int users;
        private int[] keys = new int[0]; // number + 1; 0 is free
        private int[] counts = new int[0];
        private int size;

        Item(String name) {
            this.name = name;
        }

        void increment(int number) {
            if (2 * (size + 1) > keys.length) {
                grow();
            }
            int at = place(number);
            if (keys[at] == 0) {
                keys[at] = number + 1;
                size++;
            }
            counts[at]++;
        }

        /** Adds count / √users for each. */
        void addTo(double[] scores) {
            double share = 1 / Math.sqrt(users);
            for (int at = 0; at < keys.length; at++) {
                if (keys[at] != 0) {
                    scores[keys[at] - 1] += counts[at] * share;
                }
            }
        }

        private int place(int number) {
            int mask = keys.length - 1;
            int at = (number * 0x9e3779b9) >>> 7 & mask;
            while (keys[at] != 0 && keys[at] != number + 1) {
                at = (at + 1) & mask;
            }
            return at;
        }

        private void grow() {
            int[] oldKeys = keys;
            int[] oldCounts = counts;
            keys = new int[Math.max(8, 2 * oldKeys.length)];
            counts = new int[keys.length];
            for (int at = 0; at < oldKeys.length; at++) {
                if (oldKeys[at] != 0) {
                    int to = place(oldKeys[at] - 1);
                    keys[to] = oldKeys[at];
                    counts[to] = oldCounts[at];
                }
            }
        }
    }
}
