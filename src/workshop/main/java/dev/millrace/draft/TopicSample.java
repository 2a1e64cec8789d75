package dev.millrace.draft;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * The last records of a topic, written to a file of JSON lines: in the order of their times, each with its own key and time beside the members of its value.
 *
 * @param rows that were written
 * @param others records whose value is no JSON object; they are left out
 * @param firstOther where the first of them is, and why it is none
 */
public record TopicSample(int rows, int others, Optional<String> firstOther) {

    /** Column of the record's key. It often is the user's id. */
    static final String KEY = "record.key";

    /** Column of the record's time, epoch milliseconds. */
    static final String TIME = "record.time";

    private static final String RECORD = "record"; // the member that has both

    private static final long MOST_BYTES = 1L << 27; // of all values

    /** What a registry's serializer puts before the JSON: a zero, and the schema's number in four bytes. */
    private static final int FRAME_BYTES = 5;

    private static final char UNDECODED = '\ufffd';
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Row(long time, int partition, long offset, ObjectNode value, int bytes) {}

    /**
     * Reads the end of each partition.
     *
     * @param most rows to write
     * @param progress is told how many rows were read
     * @throws UndecidedColumnException if none is a JSON object
     * @throws dev.millrace.topic.fault.UnusableTopicException if there is no such topic
     */
    public static TopicSample write(TopicReader reader, String topic, int most, LongConsumer progress, Path file)
            throws IOException {
        List<TopicReader.Extent> extents = extents(reader, topic);
        Reading reading = new Reading(most, MOST_BYTES, extents.size(), progress);
        extents.forEach(extent -> reading.read(reader, extent));
        if (reading.rows.isEmpty()) {
            throw new UndecidedColumnException("cannot tell the columns: topic " + topic
                    + reading.firstOther
                            .map(first -> " has no value that is a JSON object among its last records; " + first)
                            .orElse(" holds no record"));
        }
        reading.rows.sort(Comparator.comparingLong(Row::time)
                .thenComparingInt(Row::partition)
                .thenComparingLong(Row::offset));
        try (BufferedWriter lines = Files.newBufferedWriter(file)) {
            for (Row row : reading.rows) {
                lines.write(JSON.writeValueAsString(row.value));
                lines.newLine();
            }
        }
        return new TopicSample(reading.rows.size(), reading.others, reading.firstOther);
    }

    private static List<TopicReader.Extent> extents(TopicReader reader, String topic) {
        try {
            return reader.extents(topic);
        } catch (UnusableTopicException missing) { // it is none of ours, which a command could create
            throw new UnusableTopicException(List.of("topic " + topic + " is missing"));
        }
    }

    /** What was read of all partitions. Each may give its share of rows and bytes. */
    private static final class Reading {

        private final long rowsEach;
        private final long bytesEach;
        private final LongConsumer progress;
        private final List<Row> rows = new ArrayList<>();
        private int others;
        private Optional<String> firstOther = Optional.empty();
        private long bytes;

        Reading(long mostRows, long mostBytes, int partitions, LongConsumer progress) {
            this.rowsEach = Math.max(1, mostRows / partitions);
            this.bytesEach = mostBytes / partitions;
            this.progress = progress;
        }

        void read(TopicReader reader, TopicReader.Extent extent) {
            // what a transaction has not committed is not waited for
            long end = Math.min(extent.end(), reader.committedEnd(extent.topic(), extent.partition()));
            TopicReader.Extent committed =
                    new TopicReader.Extent(extent.topic(), extent.partition(), extent.first(), end);
            Deque<Row> newest = new ArrayDeque<>();
            bytes = 0;
            reader.read(committed, Math.max(extent.first(), end - rowsEach), record -> {
                record.value().ifPresent(value -> take(record, value).ifPresent(row -> {
                    newest.addLast(row);
                    bytes += row.bytes;
                    while (bytes > bytesEach && newest.size() > 1) {
                        bytes -= newest.removeFirst().bytes;
                    }
                    progress.accept(rows.size() + newest.size());
                }));
                return true;
            });
            rows.addAll(newest);
        }

        private Optional<Row> take(TopicRecord record, byte[] value) {
            try {
                return Optional.of(new Row(
                        record.timestamp(), record.partition(), record.offset(), row(record, value), value.length));
            } catch (IOException noObject) {
                others++;
                if (firstOther.isEmpty()) {
                    firstOther = Optional.of(record.place() + ": " + said(noObject));
                }
                return Optional.empty();
            }
        }
    }

    /** The members of the value, and those of the record if the value has none of that name. */
    private static ObjectNode row(TopicRecord record, byte[] value) throws IOException {
        int begin = value.length > FRAME_BYTES && value[0] == 0 && value[FRAME_BYTES] == '{' ? FRAME_BYTES : 0;
        JsonNode node = JSON.readTree(value, begin, value.length - begin);
        if (!(node instanceof ObjectNode object)) {
            throw new IOException("no JSON object");
        }
        if (!object.has(RECORD)) {
            ObjectNode own = object.putObject(RECORD);
            text(record.key()).ifPresent(key -> own.put("key", key));
            own.put("time", record.timestamp());
        }
        return object;
    }

    /** The key, unless it is binary. */
    private static Optional<String> text(byte[] key) {
        String text = new String(key, StandardCharsets.UTF_8);
        return text.isBlank() || text.chars().anyMatch(unit -> Character.isISOControl(unit) || unit == UNDECODED)
                ? Optional.empty()
                : Optional.of(text);
    }

    private static String said(IOException noObject) {
        return noObject instanceof JsonProcessingException malformed
                ? malformed.getOriginalMessage()
                : String.valueOf(noObject.getMessage());
    }
}
