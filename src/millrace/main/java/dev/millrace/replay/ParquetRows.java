package dev.millrace.replay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.NanoTime;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows of a Parquet file, as if each were a JSON object: a record is an object, a list an array, a map an object. A timestamp and a
 * date are texts of ISO 8601, whatever their unit in the file. A row's line is its number. One row group is in memory at a time, as it is
 * compressed.
 */
final class ParquetRows implements RowReader.Input {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int JULIAN_DAY_OF_1970 = 2_440_588;

    private final RowFile file;
    private final ParquetFileReader reader;
    private final MessageType schema;
    private final JsonRows rows;
    private @Nullable RecordReader<Group> group;
    private long left; // rows of the group
    private long line;

    ParquetRows(RowFile file) {
        this.file = file;
        this.rows = new JsonRows(file.columns());
        try {
            ParquetReadOptions options = ParquetReadOptions.builder(new PlainParquetConfiguration())
                    .withCodecFactory(new Codecs())
                    .build();
            reader = ParquetFileReader.open(new LocalInputFile(file.path()), options);
        } catch (IOException | RuntimeException failure) {
            throw unreadable(failure);
        }
        schema = reader.getFileMetaData().getSchema();
    }

    @Override
    public List<String> columns() {
        List<String> columns = new ArrayList<>();
        addPaths(schema, "", columns);
        return columns;
    }

    private static void addPaths(GroupType of, String prefix, List<String> columns) {
        for (Type field : of.getFields()) {
            if (isRecord(field)) {
                addPaths(field.asGroupType(), prefix + field.getName() + ".", columns);
            } else {
                columns.add(prefix + field.getName());
            }
        }
    }

    private static boolean isRecord(Type field) {
        return !field.isPrimitive()
                && field.getLogicalTypeAnnotation() == null
                && !field.isRepetition(Type.Repetition.REPEATED);
    }

    @Override
    public Optional<Row> next() {
        try {
            while (left == 0) {
                PageReadStore pages = reader.readNextRowGroup();
                if (pages == null) {
                    return Optional.empty();
                }
                left = pages.getRowCount();
                group = new ColumnIOFactory()
                        .getColumnIO(schema)
                        .getRecordReader(pages, new GroupRecordConverter(schema));
            }
            left--;
            line++;
            RecordReader<Group> records = group;
            ObjectNode row = record(schema, records == null ? null : records.read());
            return Optional.of(rows.row(line, row.toString(), row));
        } catch (IOException | RuntimeException failure) {
            throw unreadable(failure);
        }
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot close " + file.path(), failure);
        }
    }

    private UncheckedIOException unreadable(Exception failure) {
        IOException cause = failure instanceof IOException known ? known : new IOException(failure);
        return new UncheckedIOException("cannot read " + file.path() + " beyond row " + line + ": " + failure, cause);
    }

    private static ObjectNode record(GroupType type, @Nullable Group group) {
        ObjectNode object = NODES.objectNode();
        if (group != null) {
            for (int field = 0; field < type.getFieldCount(); field++) {
                object.set(type.getFieldName(field), field(type.getType(field), group, field));
            }
        }
        return object;
    }

    private static JsonNode field(Type type, Group group, int field) {
        int count = group.getFieldRepetitionCount(field);
        if (type.isRepetition(Type.Repetition.REPEATED)) {
            ArrayNode array = NODES.arrayNode();
            for (int at = 0; at < count; at++) {
                array.add(value(type, group, field, at));
            }
            return array;
        }
        return count == 0 ? NODES.nullNode() : value(type, group, field, 0);
    }

    private static JsonNode value(Type type, Group group, int field, int at) {
        if (type.isPrimitive()) {
            return primitive(type, group, field, at);
        }
        Group inner = group.getGroup(field, at);
        LogicalTypeAnnotation annotation = type.getLogicalTypeAnnotation();
        if (LogicalTypeAnnotation.listType().equals(annotation)) {
            return list(type.asGroupType(), inner);
        }
        return LogicalTypeAnnotation.mapType().equals(annotation)
                ? map(type.asGroupType(), inner)
                : record(type.asGroupType(), inner);
    }

    /** A list is a group with one repeated field, whose only field is the element; old writers left that out. */
    private static JsonNode list(GroupType type, Group list) {
        Type repeated = type.getType(0);
        ArrayNode array = NODES.arrayNode();
        for (int at = 0; at < list.getFieldRepetitionCount(0); at++) {
            boolean isWrapped =
                    !repeated.isPrimitive() && repeated.asGroupType().getFieldCount() == 1;
            array.add(
                    isWrapped
                            ? field(repeated.asGroupType().getType(0), list.getGroup(0, at), 0)
                            : value(repeated, list, 0, at));
        }
        return array;
    }

    private static JsonNode map(GroupType type, Group map) {
        GroupType entry = type.getType(0).asGroupType();
        ObjectNode object = NODES.objectNode();
        for (int at = 0; at < map.getFieldRepetitionCount(0); at++) {
            Group pair = map.getGroup(0, at);
            object.set(
                    field(entry.getType(0), pair, 0).asText(),
                    entry.getFieldCount() > 1 ? field(entry.getType(1), pair, 1) : NODES.nullNode());
        }
        return object;
    }

    private static JsonNode primitive(Type type, Group group, int field, int at) {
        PrimitiveTypeName name = type.asPrimitiveType().getPrimitiveTypeName();
        LogicalTypeAnnotation annotation = type.getLogicalTypeAnnotation();
        return switch (name) {
            case BOOLEAN -> NODES.booleanNode(group.getBoolean(field, at));
            case FLOAT -> NODES.numberNode(group.getFloat(field, at));
            case DOUBLE -> NODES.numberNode(group.getDouble(field, at));
            case INT32 -> integer(annotation, group.getInteger(field, at));
            case INT64 -> integer(annotation, group.getLong(field, at));
            case INT96 -> NODES.textNode(time(NanoTime.fromBinary(group.getInt96(field, at))));
            case BINARY, FIXED_LEN_BYTE_ARRAY -> {
                byte[] bytes = group.getBinary(field, at).getBytes();
                yield annotation instanceof DecimalLogicalTypeAnnotation decimal
                        ? decimal(decimal, new BigInteger(bytes))
                        : name == PrimitiveTypeName.BINARY
                                ? NODES.textNode(group.getBinary(field, at).toStringUsingUTF8())
                                : NODES.binaryNode(bytes);
            }
        };
    }

    private static JsonNode integer(@Nullable LogicalTypeAnnotation annotation, long value) {
        if (annotation instanceof DecimalLogicalTypeAnnotation decimal) {
            return decimal(decimal, BigInteger.valueOf(value));
        } else if (annotation instanceof TimestampLogicalTypeAnnotation timestamp) {
            ChronoUnit unit =
                    switch (timestamp.getUnit()) {
                        case MILLIS -> ChronoUnit.MILLIS;
                        case MICROS -> ChronoUnit.MICROS;
                        case NANOS -> ChronoUnit.NANOS;
                    };
            return NODES.textNode(Instant.EPOCH.plus(value, unit).toString());
        } else if (LogicalTypeAnnotation.dateType().equals(annotation)) {
            return NODES.textNode(LocalDate.ofEpochDay(value).toString());
        }
        return NODES.numberNode(value);
    }

    private static JsonNode decimal(DecimalLogicalTypeAnnotation decimal, BigInteger unscaled) {
        return NODES.textNode(new BigDecimal(unscaled, decimal.getScale()).toPlainString());
    }

    private static String time(NanoTime time) {
        return Instant.EPOCH
                .plus((long) time.getJulianDay() - JULIAN_DAY_OF_1970, ChronoUnit.DAYS)
                .plusNanos(time.getTimeOfDayNanos())
                .toString();
    }

    /** The codecs of Apache's reader, and gzip, which it has from Hadoop. */
    private static final class Codecs implements CompressionCodecFactory {

        private final CompressionCodecFactory others = new CodecFactory(new PlainParquetConfiguration(), 0);

        @Override
        public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
            return codec == CompressionCodecName.GZIP ? new Gunzip() : others.getDecompressor(codec);
        }

        @Override
        public BytesInputCompressor getCompressor(CompressionCodecName codec) {
            return others.getCompressor(codec);
        }

        @Override
        public void release() {
            others.release();
        }
    }

    private static final class Gunzip implements CompressionCodecFactory.BytesInputDecompressor {

        @Override
        public BytesInput decompress(BytesInput page, int bytes) throws IOException {
            return BytesInput.from(plain(page.toInputStream(), bytes));
        }

        @Override
        public void decompress(ByteBuffer page, int compressed, ByteBuffer into, int bytes) throws IOException {
            byte[] from = new byte[compressed];
            page.get(from);
            into.put(plain(new ByteArrayInputStream(from), bytes));
        }

        private static byte[] plain(InputStream page, int bytes) throws IOException {
            try (GZIPInputStream gzip = new GZIPInputStream(page)) {
                return gzip.readNBytes(bytes);
            }
        }

        @Override
        public void release() {}
    }
}
