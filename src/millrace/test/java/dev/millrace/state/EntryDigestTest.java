package dev.millrace.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EntryDigestTest {

    @Test
    void isAFunctionOfTheEntriesAndNotOfHowTheyCame() {
        SplittableRandom random = new SplittableRandom(3);
        EntryDigest grown = new EntryDigest();
        Map<String, String> entries = new HashMap<>();
        for (int change = 0; change < 50_000; change++) { // some 4,000 keys, put, replaced and removed many times over
            String key = "key" + random.nextInt(4_000);
            if (random.nextInt(3) == 0) {
                grown.remove(bytes(key));
                entries.remove(key);
            } else {
                String value = "value" + random.nextInt(1_000);
                grown.put(bytes(key), bytes(value));
                entries.put(key, value);
            }
        }

        EntryDigest made = new EntryDigest();
        entries.forEach((key, value) -> made.put(bytes(key), bytes(value)));

        assertThat(grown.sum().count()).isEqualTo(entries.size()).isGreaterThan(1_000);
        assertThat(grown.digest()).isEqualTo(made.digest());
    }

    @Test
    void tellsOneBitApart() {
        byte[] digest = of("a", "1", "b", "2").digest();

        assertThat(of("a", "1", "b", "3").digest()).as("a value").isNotEqualTo(digest);
        assertThat(of("a", "1", "c", "2").digest()).as("a key").isNotEqualTo(digest);
        assertThat(of("a", "2", "b", "1").digest()).as("values exchanged").isNotEqualTo(digest);
        assertThat(of("a", "1").digest()).as("one less").isNotEqualTo(digest);
        assertThat(of("a1", "", "b", "2").digest()).as("where the key ends").isNotEqualTo(digest);
        assertThat(of("a", "1", "b", "2").digest()).isEqualTo(digest);
    }

    private static EntryDigest of(String... keysAndValues) {
        EntryDigest digest = new EntryDigest();
        for (int at = 0; at < keysAndValues.length; at += 2) {
            digest.put(bytes(keysAndValues[at]), bytes(keysAndValues[at + 1]));
        }
        return digest;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
