package dev.millrace.feature;

import dev.millrace.state.Sha256;
import java.util.List;

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

    /** Returns the keys in their order. A longer one is replaced by a NUL, {@code sha256:} and the SHA-256 of its UTF-8, in hexadecimal. */
    public static List<String> bounded(List<String> keys) {
        for (String key : keys) {
            if (key.length() > MAX_LENGTH) {
                return keys.stream()
                        .map(any -> any.length() > MAX_LENGTH ? HASHED + Sha256.hex(any) : any)
                        .toList();
            }
        }
        return keys;
    }
}
