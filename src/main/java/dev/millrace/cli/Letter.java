package dev.millrace.cli;

import dev.millrace.state.Utf8;
import dev.millrace.wire.DeadLetterHeaders;
import dev.millrace.wire.TopicRecord;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A dead letter: a record that could not be used, and why. */
record Letter(TopicRecord record) {

    private static final int SHOWN_CHARACTERS = 2_000;
    private static final int SHOWN_BYTES = 64;

    String reason() {
        return header(DeadLetterHeaders.REASON);
    }

    String message() {
        return header(DeadLetterHeaders.MESSAGE);
    }

    /** The topic that the record came to. */
    String topic() {
        return header(DeadLetterHeaders.TOPIC);
    }

    int partition() {
        return Integer.parseInt(header(DeadLetterHeaders.PARTITION));
    }

    long offset() {
        return Long.parseLong(header(DeadLetterHeaders.OFFSET));
    }

    /** Returns true if value and own headers are at the origin alone. */
    boolean isLeftOut() {
        return record.headers().containsKey(DeadLetterHeaders.LEFT_OUT);
    }

    Instant time() {
        return Instant.ofEpochMilli(record.timestamp());
    }

    /** The value as far as a reader can use it: text as it is, bytes as their count and the first of them. */
    String value() {
        if (isLeftOut()) {
            return header(DeadLetterHeaders.LEFT_OUT) + " bytes, left out here, still at its origin";
        }
        Optional<byte[]> value = record.value();
        if (value.isEmpty()) {
            return "none";
        }
        byte[] bytes = value.get();
        if (bytes.length > 0 && bytes[0] == '{') {
            String text = Utf8.text(bytes);
            return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "…";
        }
        String shown = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SHOWN_BYTES));
        return bytes.length + " bytes: " + shown + (bytes.length > SHOWN_BYTES ? "…" : "");
    }

    /** The letter for programs. */
    Map<String, Object> row() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("partition", record.partition());
        row.put("offset", record.offset());
        row.put("time", time().toString());
        row.put("reason", reason());
        row.put("message", message());
        if (!topic().isEmpty()) {
            row.put("from", Map.of("topic", topic(), "partition", partition(), "offset", offset()));
        }
        row.put("key", Utf8.text(record.key()));
        row.put("value", value());
        return row;
    }

    private String header(String name) {
        return record.headers().getOrDefault(name, "");
    }
}
