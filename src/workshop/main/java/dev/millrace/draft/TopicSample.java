package dev.millrace.draft;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.event.UnusableEventException;
import dev.millrace.replay.RowChange;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.ForeignValues;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.UndecodableException;
import java.io.BufferedWriter;
import java.io.IOException;
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
 * The last records of a topic, written to a file of JSON lines: in the order of their times, each with its own key and time beside the members of its
 * value, as {@code millrace map} reads them. What an envelope of Debezium says of a row is the row.
 *
 * @param rows that were written
 * @param others records that are no rows; they are left out
 * @param firstOther where the first of them is, and why it is none
 */
public record TopicSample(int rows, int others, Optional<String> firstOther) {

    private static final long MOST_BYTES = 1L << 27; // of all values

    private record Row(long time, int partition, long offset, ObjectNode value, int bytes) {}

    /**
     * Reads the end of each partition.
     *
     * @param most rows to write
     * @param progress is told how many rows were read
     * @throws UndecidedColumnException if none is a row
     * @throws dev.millrace.topic.fault.UnusableTopicException if there is no such topic
     */
    public static TopicSample write(
            TopicReader reader, AvroWire wire, String topic, int most, LongConsumer progress, Path file)
            throws IOException {
        List<TopicReader.Extent> extents = extents(reader, topic);
        Reading reading = new Reading(new ForeignValues(wire), most, MOST_BYTES, extents.size(), progress);
        extents.forEach(extent -> reading.read(reader, extent));
        if (reading.rows.isEmpty()) {
            throw new UndecidedColumnException("cannot tell the columns: topic " + topic
                    + reading.firstOther
                            .map(first -> " has no value that is an object among its last records; " + first)
                            .orElse(" holds no record"));
        }
        reading.rows.sort(Comparator.comparingLong(Row::time)
                .thenComparingInt(Row::partition)
                .thenComparingLong(Row::offset));
        try (BufferedWriter lines = Files.newBufferedWriter(file)) {
            for (Row row : reading.rows) {
                lines.write(row.value.toString());
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

        private final ForeignValues values;
        private final long rowsEach;
        private final long bytesEach;
        private final LongConsumer progress;
        private final List<Row> rows = new ArrayList<>();
        private int others;
        private Optional<String> firstOther = Optional.empty();
        private long bytes;

        Reading(ForeignValues values, long mostRows, long mostBytes, int partitions, LongConsumer progress) {
            this.values = values;
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
                RowChange change =
                        RowChange.of(Optional.of(values.value(value)), values.key(record.key()), record.timestamp());
                return change.row()
                        .filter(row -> change.kind() != RowChange.Kind.DELETE)
                        .map(row ->
                                new Row(record.timestamp(), record.partition(), record.offset(), row, value.length));
            } catch (UndecodableException | UnusableEventException noRow) {
                others++;
                if (firstOther.isEmpty()) {
                    firstOther = Optional.of(record.place() + ": " + noRow.getMessage());
                }
                return Optional.empty();
            }
        }
    }
}
