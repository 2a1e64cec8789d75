package dev.millrace.draft;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How far one column decides another: whether rows of the same user, or item, have the same value.
 *
 * @param again rows whose user or item came before
 * @param same share of these rows with the value that came first
 * @param byChance share that would have it if the values were dealt at random
 */
record Dependency(int again, double same, double byChance) {

    private static final int LEAST_AGAIN = 20;
    private static final double STRONG = 0.95;

    /**
     * @param key [rows] user or item
     * @param value column that may depend on it
     */
    static Dependency of(List<String> key, ColumnFacts value) {
        Map<String, String> first = new HashMap<>();
        int again = 0;
        int same = 0;
        for (int row = 0; row < key.size(); row++) {
            String cell = value.cells().get(row);
            if (!cell.isEmpty()) {
                String before = first.putIfAbsent(key.get(row), cell);
                if (before != null) {
                    again++;
                    same += before.equals(cell) ? 1 : 0;
                }
            }
        }
        return new Dependency(again, again == 0 ? 0 : (double) same / again, value.sameByChance());
    }

    /** 0 if the value is as good as dealt at random, 1 if it is decided. */
    double strength() {
        return again < LEAST_AGAIN || byChance >= 1 ? 0 : Math.max(0, (same - byChance) / (1 - byChance));
    }

    boolean isStrong() {
        return strength() >= STRONG;
    }
}
