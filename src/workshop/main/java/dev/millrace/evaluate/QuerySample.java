package dev.millrace.evaluate;

import dev.millrace.state.CounterRandom;

/**
 * Which part of a log is ranked if not all of it is: of each row of stretches one, at random, so that every time of the log is in the sample.
 *
 * <p>A batch is ranked whole, or not at all: what an exam of a model that learns costs is mostly the vectors of the catalogue, however many events
 * it ranks. So the places of the log are drawn in stretches, and a batch belongs to the stretch in which it closes. The seed and the place decide,
 * so that all models are ranked on the same events, nearly, whatever their batches.
 *
 * @param share of the stretches, in (0, 1]
 * @param length of a stretch
 */
record QuerySample(double share, int length, long seed) {

    static final int STRETCH = 1024;
    static final QuerySample ALL = new QuerySample(1, STRETCH, 0);

    private static final long STREAM = 0x51e;

    /** @param all queries that there may be, if all were asked */
    static QuerySample of(long most, long all, int length, long seed) {
        return new QuerySample(all <= most ? 1 : most / (double) all, length, seed);
    }

    boolean isOfAll() {
        return share == 1;
    }

    boolean has(int place) {
        if (isOfAll()) {
            return true;
        }
        long stretch = place / length;
        long row = (long) (stretch * share);
        long first = (long) Math.ceil(row / share);
        long next = (long) Math.ceil((row + 1) / share);
        return stretch == first + CounterRandom.below((int) (next - first), seed, STREAM, row);
    }
}
