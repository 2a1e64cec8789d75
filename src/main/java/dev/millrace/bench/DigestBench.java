package dev.millrace.bench;

import dev.millrace.batch.CounterRandom;
import dev.millrace.follow.DiskEntries;
import dev.millrace.state.EntryDigest;
import dev.millrace.state.Fields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Times what the digest adds to a commit: the same changed rows are written to RocksDB and added to the digest, in turn. */
public final class DigestBench {

    private static final int DIM = 64;
    private static final int WARM_UP_ROUNDS = 2;
    private static final int ROUNDS = 9;
    private static final int ROWS_A_READING = 10_000; // of the progress
    private static final long CACHE_BYTES = 128 << 20;

    private DigestBench() {}

    /**
     * @param rows in the table
     * @param changed of them in one commit
     * @param directory for RocksDB; the files of an earlier run are deleted
     */
    public static void run(BenchReport report, int rows, int changed, Path directory) throws IOException {
        EntryDigest digest = new EntryDigest();
        double[] written = new double[ROUNDS];
        double[] digested = new double[ROUNDS];
        try (DiskEntries disk = DiskEntries.open(directory, CACHE_BYTES)) {
            for (int row = 0; row < rows; row++) {
                if (row % ROWS_A_READING == 0) {
                    report.reached("filling the table", row, rows);
                }
                byte[] key = key(row);
                byte[] value = value(row, -1);
                digest.put(key, value);
                disk.put(key, value);
            }
            report.reached("filling the table", rows, rows);
            for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
                report.reached("commits", WARM_UP_ROUNDS + round, WARM_UP_ROUNDS + ROUNDS);
                byte[][] keys = new byte[changed][];
                byte[][] values = new byte[changed][];
                for (int at = 0; at < changed; at++) {
                    int row = CounterRandom.below(rows, 1, round, at);
                    keys[at] = key(row);
                    values[at] = value(row, round);
                }
                long begin = System.nanoTime();
                for (int at = 0; at < changed; at++) {
                    disk.put(keys[at], values[at]);
                }
                long middle = System.nanoTime();
                for (int at = 0; at < changed; at++) {
                    digest.put(keys[at], values[at]);
                }
                digest.digest();
                long end = System.nanoTime();
                if (round >= 0) {
                    written[round] = (middle - begin) / 1e3 / changed;
                    digested[round] = (end - middle) / 1e3 / changed;
                }
            }
        }
        report.reached("", WARM_UP_ROUNDS + ROUNDS, WARM_UP_ROUNDS + ROUNDS);
        Spread put = Spread.of(written);
        Spread added = Spread.of(digested);
        report.add(new Figures()
                .with("rows", rows)
                .with("floatsARow", DIM)
                .with("changedRows", changed)
                .with("rounds", ROUNDS)
                .with("putMicrosARow", put)
                .with("digestMicrosARow", added));
        report.print("%,d rows of %d floats, %,d of them changed a commit, %d rounds", rows, DIM, changed, ROUNDS);
        report.print("%-26s %s µs a row", "RocksDB put, no changelog", put.text("%.2f"));
        report.print("%-26s %s µs a row", "digest", added.text("%.2f"));
    }

    private static byte[] key(int row) {
        return ("mruser\0user" + row).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] value(int row, int round) {
        float[] floats = new float[DIM];
        for (int at = 0; at < DIM; at++) {
            floats[at] = (float) CounterRandom.bits(row, round, at);
        }
        return new Fields().floats(floats).floats(new float[] {round}).framed();
    }
}
