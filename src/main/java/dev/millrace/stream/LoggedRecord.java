package dev.millrace.stream;

import java.util.Map;
import java.util.Optional;

/**
 * A record as a topic holds it.
 *
 * @param timestamp epoch milliseconds
 * @param key absent if it has none
 * @param value absent for a tombstone
 * @param headers as UTF-8 text, the last of each name
 */
public record LoggedRecord(
        long offset, long timestamp, Optional<byte[]> key, Optional<byte[]> value, Map<String, String> headers) {}
