package dev.millrace.exam;

/**
 * The rank of a score among others.
 *
 * @param better number of scores above it
 * @param equal number of scores equal to it
 */
record Rank(int better, int equal) {

    /** Returns the rank of a score among all. */
    static Rank among(double[] ascending, double score) {
        int notAbove = countBelow(ascending, Math.nextUp(score));
        return new Rank(ascending.length - notAbove, notAbove - countBelow(ascending, score));
    }

    /** Returns the rank without one of the others. */
    Rank without(double other, double score) {
        return new Rank(better - (other > score ? 1 : 0), equal - (other == score ? 1 : 0));
    }

    /** Returns the place, from 1; an equal score counts half a place. */
    double place() {
        return 1 + better + equal / 2.0;
    }

    private static int countBelow(double[] ascending, double score) {
        int low = 0;
        int high = ascending.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ascending[middle] < score) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
