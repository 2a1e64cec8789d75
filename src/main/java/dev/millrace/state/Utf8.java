package dev.millrace.state;

import java.nio.charset.StandardCharsets;

/** Converts texts to the bytes of keys and back: UTF-8 everywhere. */
public final class Utf8 {

    private Utf8() {}

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    public static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** @param from index of the text's first byte; {@code to} is the index after its last */
    public static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }
}
