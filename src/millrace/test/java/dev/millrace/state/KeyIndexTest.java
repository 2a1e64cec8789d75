package dev.millrace.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KeyIndexTest {

    @Test
    void findsEveryKeyThatWasPutAndNoOther() {
        KeyIndex index = new KeyIndex();
        // keys of any length, with and without characters beyond Latin-1; one is a prefix of another
        List<String> keys =
                List.of("", "\0", "a", "\0a", "aa", "1234567", "12345678", "123456789", "\0absent", "ж", "a\u0100");

        for (int number = 0; number < keys.size(); number++) {
            index.put(keys.get(number), number);
        }

        for (int number = 0; number < keys.size(); number++) {
            assertThat(index.find(keys.get(number))).as(keys.get(number)).isEqualTo(number);
        }
        assertThat(index.find("b")).isEqualTo(KeyIndex.NONE);
        assertThat(index.find("\0\0")).isEqualTo(KeyIndex.NONE);
        assertThat(index.find("123456780")).isEqualTo(KeyIndex.NONE);
    }

    @Test
    void agreesWithAHashMapWhateverIsPutAndRemoved() {
        SplittableRandom random = new SplittableRandom(7);
        KeyIndex index = new KeyIndex();
        Map<String, Integer> reference = new HashMap<>();

        // 4000 keys, half of them longer than a fingerprint; enough puts to grow twice, enough removals to close long
        // probes
        for (int change = 0; change < 60_000; change++) {
            int drawn = random.nextInt(4000);
            String key = drawn % 2 == 0 ? Integer.toString(drawn) : "a-longer-key-" + drawn;
            if (reference.containsKey(key)) {
                assertThat(index.remove(key)).isEqualTo(reference.remove(key));
            } else {
                index.put(key, drawn);
                reference.put(key, drawn);
            }
        }

        for (int drawn = 0; drawn < 4000; drawn++) {
            String key = drawn % 2 == 0 ? Integer.toString(drawn) : "a-longer-key-" + drawn;
            assertThat(index.find(key)).as(key).isEqualTo(reference.getOrDefault(key, KeyIndex.NONE));
        }
        Map<String, Integer> visited = new HashMap<>();
        index.forEach(visited::put);
        assertThat(visited).isEqualTo(reference);
        assertThat(index.size()).isEqualTo(reference.size());
    }

    @Test
    void theLastKeyTakesTheFreeNumber() {
        SplittableRandom random = new SplittableRandom(8);
        KeyIndex index = new KeyIndex();
        List<String> reference = new ArrayList<>();

        for (int change = 0; change < 20_000; change++) {
            String key = "key-" + random.nextInt(1500);
            int number = reference.indexOf(key);
            if (number < 0) {
                index.put(key, reference.size());
                reference.add(key);
            } else if (random.nextInt(3) > 0) {
                assertThat(index.removeAndFill(key)).isEqualTo(number);
                String last = reference.remove(reference.size() - 1);
                if (number < reference.size()) {
                    reference.set(number, last);
                }
            }
        }

        assertThat(index.size()).isEqualTo(reference.size());
        for (int number = 0; number < reference.size(); number++) {
            assertThat(index.key(number)).isEqualTo(reference.get(number));
            assertThat(index.find(reference.get(number))).isEqualTo(number);
        }
        assertThat(index.removeAndFill("no such key")).isEqualTo(KeyIndex.NONE);
    }

    @Test
    void findsManyAsItFindsOne() {
        KeyIndex index = new KeyIndex();
        index.put("12", 3);
        index.put("a-longer-key", 5);
        String[] wanted = {"a-longer-key", "13", "12", "12"};
        long[] fingerprints = new long[wanted.length];
        for (int at = 0; at < wanted.length; at++) {
            fingerprints[at] = KeyIndex.fingerprint(wanted[at]);
        }
        int[] numbers = new int[wanted.length];

        index.findAll(wanted, fingerprints, wanted.length, numbers);

        assertThat(numbers).containsExactly(5, KeyIndex.NONE, 3, 3);
    }

    /** Two keys with one fingerprint, found by a search among 2^26 prefixes. */
    @Test
    void keysOfOneFingerprintAreFoundEachByItself() {
        String one = "beodplllelbenlfkx";
        String other = "dnpmpapnllfhhmin\u4fc1";
        long fingerprint = KeyIndex.fingerprint(one);
        assertThat(KeyIndex.fingerprint(other)).isEqualTo(fingerprint);
        String[] wanted = {one, other};
        long[] fingerprints = {fingerprint, fingerprint};
        int[] numbers = new int[2];
        KeyIndex index = new KeyIndex();

        index.put(other, 7);
        index.findAll(wanted, fingerprints, 2, numbers);
        assertThat(numbers).containsExactly(KeyIndex.NONE, 7);

        index.put(one, 3);
        index.findAll(wanted, fingerprints, 2, numbers);
        assertThat(numbers).containsExactly(3, 7);

        index.remove(other);
        index.findAll(wanted, fingerprints, 2, numbers);
        assertThat(numbers).containsExactly(3, KeyIndex.NONE);
    }
}
