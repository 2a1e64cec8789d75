package dev.millrace.feature;

import dev.millrace.state.Sha256;

/**
 * The keys of embedding rows at a bounded length: a table bounds its rows, and a key is part of a row.
 *
 * <p>A longer value has a row of its own as well, under its hash.
 */
public final class RowKeys {

    /** Longest key, in UTF-16 units. No id is longer. */
    public static final int MAX_LENGTH = 256;

    private static final String HASHED = "\0sha256:"; // no id has a NUL

    private RowKeys() {}

    /** Returns the key. A longer one is replaced by a NUL, {@code sha256:} and the SHA-256 of its UTF-8, in hexadecimal. */
    public static String bounded(String key) {
        return key.length() > MAX_LENGTH ? HASHED + Sha256.hex(key) : key;
    }
}
