package dev.millrace.shop;

import java.util.List;
import java.util.SplittableRandom;

/**
 * The random numbers of a shop, and the fixed directions of its categories and brands. One thread.
 *
 * <p>Invariant: the order of the calls decides about all numbers. A call more, or in another place, changes all later events.
 */
final class HiddenSpace {

    static final int DIMS = 8;
    static final int CATEGORIES = 20;
    static final int BRANDS = 60;
    static final double DAY_MILLIS = 86_400_000;

    private final SplittableRandom random;
    private final double[][] categories = new double[CATEGORIES][];
    private final double[][] brands = new double[BRANDS][];

    HiddenSpace(long seed) {
        random = new SplittableRandom(seed);
        for (int at = 0; at < CATEGORIES; at++) {
            categories[at] = direction();
        }
        for (int at = 0; at < BRANDS; at++) {
            brands[at] = direction();
        }
    }

    /** Returns a number from 0 to 1, without 1. */
    double uniform() {
        return random.nextDouble();
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    boolean coin() {
        return random.nextBoolean();
    }

    <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    /** Milliseconds until the next event of a Poisson process. */
    double untilNext(double aDay) {
        return aDay > 0 ? -Math.log(1 - random.nextDouble()) * DAY_MILLIS / aDay : Double.POSITIVE_INFINITY;
    }

    double gaussian() {
        // Box and Muller 1958
        return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
    }

    double[] direction() {
        double[] vector = new double[DIMS];
        for (int at = 0; at < DIMS; at++) {
            vector[at] = gaussian();
        }
        return unit(vector);
    }

    /** Where an item lies that has a category, a brand and a direction of its own. */
    double[] place(int category, int brand) {
        return mixture(1, categories[category], brands[brand], 0.4, direction());
    }

    /** Where the taste of a user tends to. */
    double[] aim(int first, int second, double[] whim) {
        return mixture(0.8, categories[first], categories[second], 0.3, whim);
    }

    private static double[] mixture(double weight, double[] main, double[] second, double ownWeight, double[] own) {
        double[] sum = new double[DIMS];
        for (int at = 0; at < DIMS; at++) {
            sum[at] = weight * main[at] + 0.5 * second[at] + ownWeight * own[at];
        }
        return unit(sum);
    }

    static double[] unit(double[] vector) {
        double norm = Math.sqrt(dot(vector, vector));
        double[] unit = new double[vector.length];
        for (int at = 0; at < unit.length; at++) {
            unit[at] = vector[at] / norm;
        }
        return unit;
    }

    static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int at = 0; at < left.length; at++) {
            sum += left[at] * right[at];
        }
        return sum;
    }
}
