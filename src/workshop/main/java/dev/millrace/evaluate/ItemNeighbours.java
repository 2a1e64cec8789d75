package dev.millrace.evaluate;

import dev.millrace.catalogue.CatalogueChange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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
    private final List<String> items = new ArrayList<>();
    private final List<PairCounts> together = new ArrayList<>();
    private final Map<String, Had> hadByUser = new HashMap<>();
    private int[] users = new int[64];
    private boolean[] listed = new boolean[64];

    /** Lists an item, or removes it from the list. */
    void change(CatalogueChange change) {
        int number = number(change.itemId());
        listed[number] = !change.isRemoval();
    }

    /** Counts an item of a user. The same item again changes nothing. */
    void observe(String user, String item) {
        int number = number(item);
        Had had = hadByUser.computeIfAbsent(user, absent -> new Had());
        if (had.contains(number)) {
            return;
        }
        users[number]++;
        for (int at = 0; at < had.count; at++) {
            together.get(number).increment(had.numbers[at]);
            together.get(had.numbers[at]).increment(number);
        }
        had.add(number);
    }

    /** Returns the items of a user. */
    Set<String> had(String user) {
        Had had = hadByUser.getOrDefault(user, new Had());
        return IntStream.of(had.numbers)
                .limit(had.count)
                .mapToObj(items::get)
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
                together.get(number).addTo(scores, users[number]);
            }
        }
        for (int number = 0; number < scores.length; number++) {
            scores[number] = scores[number] == 0 ? 0 : scores[number] / Math.sqrt(users[number]);
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
        boolean[] competes = Arrays.copyOf(listed, scores.length);
        competes[target] = false;
        for (String had : history) {
            Integer number = numbers.get(had);
            if (number != null) {
                competes[number] = false;
            }
        }
        int better = 0;
        int equal = 0;
        for (int number = 0; number < scores.length; number++) {
            if (competes[number]) {
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
            if (scores[number] > 0 && listed[number] && !excluded.contains(items.get(number))) {
                found.add(number);
            }
        }
        found.sort((left, right) -> {
            int byScore = Double.compare(scores[right], scores[left]);
            return byScore != 0 ? byScore : items.get(left).compareTo(items.get(right));
        });
        return found.stream().limit(k).map(items::get).toList();
    }

    String item(int number) {
        return items.get(number);
    }

    /** Returns the number of an item, which it keeps. */
    int number(String item) {
        Integer known = numbers.putIfAbsent(item, items.size());
        if (known != null) {
            return known;
        }
        items.add(item);
        together.add(new PairCounts());
        if (items.size() > users.length) {
            users = Arrays.copyOf(users, 2 * users.length);
            listed = Arrays.copyOf(listed, 2 * listed.length);
        }
        return items.size() - 1;
    }

    /** The items that a user had: a pair is counted for each one anyway, so that looking through them costs no more. */
    private static final class Had {
        private int[] numbers = new int[2];
        private int count;

        boolean contains(int number) {
            return IntStream.of(numbers).limit(count).anyMatch(had -> had == number);
        }

        void add(int number) {
            if (count == numbers.length) {
                numbers = Arrays.copyOf(numbers, 2 * count);
            }
            numbers[count++] = number;
        }
    }

    /** How many users had an item together with each other one: a hash table with linear probing. */
    private static final class PairCounts {
        private int[] keys = new int[0]; // number + 1; 0 is free
        private int[] counts = new int[0];
        private int size;

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
        void addTo(double[] scores, int users) {
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
