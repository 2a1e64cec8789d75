package dev.millrace.topic;

import dev.millrace.state.Utf8;
import dev.millrace.wire.DeadLetterHeaders;
import dev.millrace.wire.TopicRecord;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** A dead letter: a record that could not be used, and why. */
public record Letter(TopicRecord record) {

    private static final int SHOWN_CHARACTERS = 2_000;
    private static final int SHOWN_BYTES = 64;

    /** What a partition and an offset look like. Others than Millrace may write to the topic too. */
    private static final Pattern PARTITION = Pattern.compile("\\d{1,9}");

    private static final Pattern OFFSET = Pattern.compile("\\d{1,18}");

    public String reason() {
        return header(DeadLetterHeaders.REASON);
    }

    public String message() {
        return header(DeadLetterHeaders.MESSAGE);
    }

    /** The topic that the record came to. */
    public String topic() {
        return header(DeadLetterHeaders.TOPIC);
    }

    /** Returns true if topic, partition and offset of the record are known. */
    public boolean hasOrigin() {
        return !topic().isEmpty()
                && PARTITION.matcher(header(DeadLetterHeaders.PARTITION)).matches()
                && OFFSET.matcher(header(DeadLetterHeaders.OFFSET)).matches();
    }

    /** The partition that the record came to, if it has an origin. */
    public int partition() {
        return Integer.parseInt(header(DeadLetterHeaders.PARTITION));
    }

    /** The record's offset there, if it has an origin. */
    public long offset() {
        return Long.parseLong(header(DeadLetterHeaders.OFFSET));
    }

    /** Returns true if value and own headers are at the origin alone. */
    public boolean isLeftOut() {
        return record.headers().containsKey(DeadLetterHeaders.LEFT_OUT);
    }

    public Instant time() {
        return Instant.ofEpochMilli(record.timestamp());
    }

    /** The value as far as a reader can use it: text as it is, bytes as their count and the first of them. */
    public String value() {
        if (isLeftOut()) {
            return header(DeadLetterHeaders.LEFT_OUT) + " bytes, left out here, still at its origin";
        }
        Optional<byte[]> value = record.value();
        if (value.isEmpty()) {
            return "none";
        }
        byte[] bytes = value.get();
        return shown(bytes);
    }

    /** The key, as the value. */
    public String key() {
        return shown(record.key());
    }

    private static String shown(byte[] bytes) {
        return Utf8.printable(bytes)
                .filter(text -> !text.isBlank())
                .map(Letter::cut)
                .orElseGet(() -> hex(bytes));
    }

    private static String hex(byte[] bytes) {
        String shown = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SHOWN_BYTES));
        return bytes.length + " bytes: " + shown + (bytes.length > SHOWN_BYTES ? "…" : "");
    }

    /** The letter for programs. A text that is too long for a reader ends with an ellipsis. */
    public Map<String, Object> row() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("partition", record.partition());
        row.put("offset", record.offset());
        row.put("time", time().toString());
        row.put("reason", cut(reason()));
        row.put("message", cut(message()));
        if (hasOrigin()) {
            row.put("from", Map.of("topic", topic(), "partition", partition(), "offset", offset()));
        }
        row.put("key", key());
        row.put("value", value());
        return row;
    }

    private static String cut(String text) {
        return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "…";
    }

    private String header(String name) {
        return record.headers().getOrDefault(name, "");
    }
}
