package dev.millrace.neighbour;

import java.util.Arrays;

/**
 * Sums by number, few of which are not empty. They are taken in the order of their numbers, without a sort. One thread.
 *
 * <p>Layout: a bit for each number that has a sum, and a bit for each word of those bits that is not 0.
 */
final class NumberSums {

    private double[] sums = {};
    private long[] words = {};
    private long[] summary = {};
    private int count;

    /** Receives the place of a number among all, and its sum. */
    interface Visitor {
        void visit(int at, double sum);
    }

    /** Makes room for numbers below that. */
    void reserve(int numbers) {
        if (numbers > sums.length) {
            sums = Arrays.copyOf(sums, numbers + numbers / 2);
            words = Arrays.copyOf(words, (sums.length >>> 6) + 1);
            summary = Arrays.copyOf(summary, (words.length >>> 6) + 1);
        }
    }

    void add(int number, double part) {
        int word = number >>> 6;
        long bit = 1L << number;
        if ((words[word] & bit) == 0) {
            words[word] |= bit;
            summary[word >>> 6] |= 1L << word;
            sums[number] = 0;
            count++;
        }
        sums[number] += part;
    }

    /** Returns how many numbers have a sum. */
    int count() {
        return count;
    }

    /**
     * Hands over all sums, and forgets them.
     *
     * @param numbers [count] filled, ascending
     */
    void take(int[] numbers, Visitor visitor) {
        int at = 0;
        for (int group = 0; at < count; group++) {
            for (; summary[group] != 0; summary[group] &= summary[group] - 1) {
                int word = (group << 6) + Long.numberOfTrailingZeros(summary[group]);
                for (; words[word] != 0; words[word] &= words[word] - 1) {
                    int number = (word << 6) + Long.numberOfTrailingZeros(words[word]);
                    numbers[at] = number;
                    visitor.visit(at++, sums[number]);
                }
            }
        }
        count = 0;
    }
}
