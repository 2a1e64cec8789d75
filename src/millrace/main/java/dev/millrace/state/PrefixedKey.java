package dev.millrace.state;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Keys of a state that shares a store with others: a prefix for the state, mostly of one byte, then a text in UTF-8. */
public final class PrefixedKey {

    private PrefixedKey() {}

    public static byte[] of(byte prefix, String text) {
        return of(new byte[] {prefix}, text);
    }

    public static byte[] of(byte[] prefix, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(prefix.length + utf8.length)
                .put(prefix)
                .put(utf8)
                .array();
    }

    /** Returns the text of a key. */
    public static String text(byte[] key) {
        return new String(key, 1, key.length - 1, StandardCharsets.UTF_8);
    }
}
