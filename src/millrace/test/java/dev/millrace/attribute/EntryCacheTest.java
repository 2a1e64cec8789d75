package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Utf8;
import org.junit.jupiter.api.Test;

class EntryCacheTest {

    private final NotedEntries store = new NotedEntries(Utf8::text);
    private final EntryCache cache = new EntryCache(store);

    @Test
    void anEntryIsReadOnceAndWrittenOnceACommit() {
        store.put(key("a"), key("0"));
        store.noted.clear();

        for (int at = 1; at <= 100; at++) {
            assertThat(cache.get(key("a"), Utf8::text)).contains(Integer.toString(at - 1));
            cache.put(key("a"), Integer.toString(at), Utf8::bytes);
        }
        cache.drain();
        cache.drain();

        assertThat(store.noted).containsExactly("get a", "put a");
        assertThat(store.get(key("a"))).map(Utf8::text).contains("100");
    }

    @Test
    void whatIsPutLateIsEncodedOnceAsItIsWhenItIsWritten() {
        StringBuilder value = new StringBuilder("1");
        int[] encoded = {0};

        for (int at = 0; at < 3; at++) {
            cache.putLate(key("a"), value, 1, text -> {
                encoded[0]++;
                return key(text.toString());
            });
        }
        value.append("2");
        assertThat(cache.<Object>get(key("a"), Utf8::text)).containsSame(value);
        cache.drain();
        cache.drain();

        assertThat(encoded[0]).isEqualTo(1);
        assertThat(store.get(key("a"))).map(Utf8::text).contains("12");
    }

    @Test
    void whatIsPutLateCountsAsManyBytesAsItSays() {
        for (int at = 0; at < 100; at++) {
            cache.putLate(key("k" + at), "", 1 << 18, Utf8::bytes);
        }

        assertThat(store.noted.size()).isBetween(80, 99);
    }

    @Test
    void whatIsPutBehindALateValueTakesItsPlace() {
        cache.putLate(key("a"), "late", 4, Utf8::bytes);
        cache.put(key("a"), "1", value -> key("as it was put"));

        cache.drain();

        assertThat(store.get(key("a"))).map(Utf8::text).contains("as it was put");
    }

    @Test
    void whatWasDeletedTakesNoRoom() {
        cache.put(key("kept"), "1", Utf8::bytes);
        for (int at = 0; at < 100_000; at++) { // at 200 bytes each they would fill the cache
            cache.delete(key("k" + at));
            if (at % 1_000 == 0) {
                cache.drain();
            }
        }
        store.noted.clear();

        assertThat(cache.get(key("kept"), Utf8::text)).contains("1");
        assertThat(store.noted).isEmpty();
    }

    @Test
    void absentEntriesAreAskedForOnce() {
        assertThat(cache.get(key("a"), Utf8::text)).isEmpty();
        assertThat(cache.get(key("a"), Utf8::text)).isEmpty();
        cache.put(key("a"), "1", Utf8::bytes);
        cache.delete(key("a"));
        assertThat(cache.get(key("a"), Utf8::text)).isEmpty();

        cache.drain();

        assertThat(store.noted).containsExactly("get a", "delete a");
        assertThat(cache.get(key("a"), Utf8::text)).isEmpty(); // nothing is kept of what was deleted, not even its key
        assertThat(store.noted).containsExactly("get a", "delete a", "get a");
    }

    @Test
    void beyondItsBytesItWritesAllAndReadsAnew() {
        String large = "x".repeat(1 << 18);
        for (int at = 0; at < 100; at++) {
            cache.put(key("k" + at), large, Utf8::bytes);
        }
        assertThat(store.noted.size()).isBetween(80, 99); // the last ones are on the heap alone
        for (int at = 0; at < 100; at++) {
            assertThat(cache.get(key("k" + at), Utf8::text)).contains(large);
        }

        cache.drain();

        for (int at = 0; at < 100; at++) {
            assertThat(store.get(key("k" + at))).isPresent();
        }
        assertThat(store.noted.stream().filter(one -> one.startsWith("put")).distinct())
                .hasSize(100);
    }

    private static byte[] key(String text) {
        return Utf8.bytes(text);
    }
}
