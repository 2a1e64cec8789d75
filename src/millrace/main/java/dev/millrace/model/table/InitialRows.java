package dev.millrace.model.table;

/**
 * Initial embedding rows. Each is a function of seed, table and key alone.
 *
 * @param seed of the model
 * @param scale standard deviation of a component
 */
public record InitialRows(long seed, double scale) {

    static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final double UNIT_VARIANCE = Math.sqrt(3) / 65536;

    /**
     * Computes the initial row of a key.
     *
     * @param out [.., dim] filled from {@code at}
     */
    void fill(String table, String key, float[] out, int at, int dim) {
        long start = mix(hash(hash(seed ^ FNV_OFFSET, table) * FNV_PRIME, key));
        double factor = scale * UNIT_VARIANCE;
        for (int d = 0; d < dim; d++) {
            long bits = mix(start + (d + 1) * GOLDEN);
            // the sum of four uniform 16-bit numbers is nearly normal, and needs no transcendental function
            long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
            out[at + d] = (float) ((sum - 131070) * factor);
        }
    }

    /** [dim] Returns the initial row of a table's key. */
    public float[] row(String table, String key, int dim) {
        float[] row = new float[dim];
        fill(table, key, row, 0, dim);
        return row;
    }

    static long hash(long start, String text) {
        long hash = start;
        for (int at = 0; at < text.length(); at++) {
            hash = (hash ^ text.charAt(at)) * FNV_PRIME;
        }
        return hash;
    }

    /** The finaliser of SplitMix64 (Steele et al. 2014). */
    static long mix(long value) {
        long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
