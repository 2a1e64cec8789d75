package dev.millrace.model.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SightingCountsTest {

    /** Additions after which every chunk has been halved once. */
    private static final int ROUND = SightingCounts.CHUNKS * SightingCounts.CHUNK_BYTES / 4;

    @Test
    void aCountIsNeverTooLowAndMostlyRight() {
        SightingCounts counts = new SightingCounts();
        Map<String, Integer> exact = new HashMap<>();
        Random random = new Random(3);
        // the additions halve at most 300 of the 4,096 chunks
        for (int addition = 0; addition < 300 * 64; addition++) {
            String key = "k" + random.nextInt(10_000);
            counts.add(key);
            exact.merge(key, 1, Integer::sum);
        }

        long low = exact.entrySet().stream()
                .filter(entry -> counts.count(entry.getKey()) < entry.getValue())
                .count();
        long high = exact.entrySet().stream()
                .filter(entry -> counts.count(entry.getKey()) > entry.getValue())
                .count();

        assertThat(low).isLessThan(exact.size() * 2L * 300 / 4096); // only keys of halved chunks
        assertThat(high).isLessThan(exact.size() / 100);
    }

    @Test
    void keysThatAreNotSeenAgainAreForgotten() {
        SightingCounts counts = new SightingCounts();
        for (int seen = 0; seen < 8; seen++) {
            counts.add("once loved");
        }

        IntStream.range(0, 3 * ROUND).forEach(other -> counts.add("k" + other));

        // halved three times, 8 → 4 → 2 → 1; others may share all four counters, and are halved as well
        assertThat(counts.count("once loved")).isLessThanOrEqualTo(2);
    }

    @Test
    void fewKeysThatComeOnceAreTakenForKnown() {
        SightingCounts counts = new SightingCounts();
        int known = 0;
        for (int key = 0; key < 8 * ROUND; key++) {
            known += counts.count("k" + key) > 0 ? 1 : 0;
            counts.add("k" + key);
        }

        // ROUND additions of four counters to 4 × ROUND counters, halved once a round: a new key meets four used ones
        // now and then
        assertThat(known).isBetween(1, 8 * ROUND / 10);
    }
}
