package dev.millrace.evaluate;

import java.util.List;

/** Averages over ranked events, with their standard errors. One thread. */
public final class RankAverages {

    /** The k of the measures. */
    public static final List<Integer> CUTOFFS = List.of(10, 20);

    /** The place of an item that cannot be found. */
    static final double NOT_FOUND = Double.POSITIVE_INFINITY;

    private static final double LOG_2 = StrictMath.log(2);

    /** What an event counts whose item is among the first k. Any other event counts 0. */
    public enum Measure {
        RECALL("R") {
            @Override
            double of(double place) {
                return 1;
            }
        },
        /** Mean reciprocal rank. */
        MRR("MRR") {
            @Override
            double of(double place) {
                return 1 / place;
            }
        },
        NDCG("NDCG") {
            @Override
            double of(double place) {
                return LOG_2 / StrictMath.log(place + 1);
            }
        };

        private final String shortName;

        Measure(String shortName) {
            this.shortName = shortName;
        }

        abstract double of(double place);

        /** Returns the name in a table, such as R@10. */
        public String at(int cutoff) {
            return shortName + "@" + cutoff;
        }
    }

    private static final List<Measure> MEASURES = List.of(Measure.values());

    private final double[] sums = new double[MEASURES.size() * CUTOFFS.size()];
    private final double[] squares = new double[sums.length];
    private long events;

    /** @param place from 1; a tie counts half a place */
    void add(double place) {
        events++;
        for (Measure measure : MEASURES) {
            for (int cutoff : CUTOFFS) {
                if (place <= cutoff) {
                    double value = measure.of(place);
                    sums[index(measure, cutoff)] += value;
                    squares[index(measure, cutoff)] += value * value;
                }
            }
        }
    }

    /** Number of events added. */
    public long events() {
        return events;
    }

    /** Returns the mean over the events; 0 without events. */
    public double mean(Measure measure, int cutoff) {
        double sum = sums[index(measure, cutoff)];
        return events == 0 ? 0 : sum / events;
    }

    /** Returns the standard error of the mean as if the events were independent, {@code √((Σx²/n − mean²) / n)}; 0 without events. */
    public double standardError(Measure measure, int cutoff) {
        double mean = mean(measure, cutoff);
        double square = squares[index(measure, cutoff)];
        return events == 0 ? 0 : Math.sqrt(Math.max(0, square / events - mean * mean) / events);
    }

    private static int index(Measure measure, int cutoff) {
        int at = CUTOFFS.indexOf(cutoff);
        if (at < 0) {
            throw new IllegalArgumentException(measure.at(cutoff) + " is not counted");
        }
        return MEASURES.indexOf(measure) * CUTOFFS.size() + at;
    }
}
