package dev.millrace.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.NanoTime;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ParquetRowsTest {

    private static final long T0 = 1_767_225_600_000L; // 2026-01-01
    private static final int ROWS = 500;

    private static final MessageType LOG = MessageTypeParser.parseMessageType(
            """
            message log {
              required binary user (STRING);
              optional group what { optional int64 item; optional group tags (LIST) { repeated group list { optional binary element (STRING); } } }
              optional group look (LIST) { repeated group list { optional float element; } }
              required int64 at (TIMESTAMP(MICROS, true));
              optional boolean hit;
            }
            """);

    /** Twelve rows, written by hyparquet-writer 0.17.0 of JavaScript. */
    private static final String FOREIGN =
            """
            UEFSMRUEFTwVPEwVChUAAAAeFAIAAAB1MAUGSDECAAAAdTICAAAAdTMCAAAAdTQVBhUUFRhcFRgVABUYFRAVBBUAAAAYAQgcAwWI
            RkQjAgAVBhWAARVqXBUYFQQVGBUAFQYVAAAABf4HPRQCAAAAaTEFBgAyBQYAMwUGADQFBgA1BQYANgUGBDcCASo0OAIAAABpOQMA
            AABpMTAVBhXEARWiAVwVGBUAFRgVABUEFQAAABgBYCgAqNp2mwEAAGCS2wUICMB83AUICCBn3QUICIBR3gUICOA73wUICEAm4AUI
            CKAQ4QUIBAD7CQgIYOXiBRA8wM/jdpsBAAAguuR2mwEAABUGFcQBFXJcFRgVABUYFQAVBBUAAAAYAWAAADIBAATQPwkPAOANCADo
            DQgA8A0IAPQNCAD4DQgA/A0IBABACTgAAg0IJARAAAAAAAAABkAVBhUIFQxcFRgVABUYFQAVBBUAAAAYAQIEqgoVBBlsSARyb290
            FQoAFQwlAhgEdXNlciUAABUMJQIYBGl0ZW0lAAAVBCUCGAJhdCUSABUKJQIYBXByaWNlABUAJQIYA2hpdAAWGBkcGVwmCBwVDBkl
            ABAZGAR1c2VyFQIWGBaUARaYASZeJggcNgAoAnU0GAJ1MAAZLBUEFQAVAgAVBhUQFQIAAAAmoAEcFQwZFQAZGARpdGVtFQIWGBas
            ARaWASagATw2BCgCaTkYAmkxABkcFQYVABUCAAAAJrYCHBUEGRUAGRgCYXQVAhYYFvIBFtABJrYCPDYAKAgguuR2mwEAABgIAKja
            dpsBAAAAGRwVBhUAFQIAAAAmhgQcFQoZFQAZGAVwcmljZRUCFhgW8AEWngEmhgQ8NgAoCAAAAAAAAAZAGAgAAAAAAAAAgDYAABkc
            FQYVABUCAAAAJqQFHBUAGRUAGRgDaGl0FQIWGBYyFjYmpAU8NgAoAQEYAQAAGRwVBhUAFQIAAAAW1AYWGDbSBQAoCWh5cGFycXVl
            dBlcHAAAHAAAHAAAHAAAHAAAAJQBAABQQVIx
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path directory;

    @ParameterizedTest
    @EnumSource(
            value = CompressionCodecName.class,
            names = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW"})
    void eachCompressionIsRead(CompressionCodecName codec) throws IOException {
        Path file = log("log.parquet", codec);

        List<Row> rows = rows(file, List.of("user", "what.item", "hit"));

        assertThat(rows).hasSize(ROWS);
        assertThat(rows.get(3).cells()).containsExactly("u3", "3", "true");
        assertThat(rows.get(3).line()).isEqualTo(4);
        assertThat(rows.stream().map(Row::fingerprint)).doesNotHaveDuplicates();
    }

    @Test
    void columnsOfRecordsArePaths() throws IOException {
        Path file = log("log.parquet", CompressionCodecName.SNAPPY);

        assertThat(RowReader.columns(new RowFile(file, new RowFormat.Parquet(), List.of())))
                .containsExactly("user", "what.item", "what.tags", "look", "at", "hit");
    }

    /** The same rows as JSON lines; the events' ids are the rows' fingerprints. */
    @Test
    void aLogInParquetIsTheLogInJson() throws IOException {
        log("log.parquet", CompressionCodecName.ZSTD);
        List<String> lines = new ArrayList<>();
        for (int row = 0; row < ROWS; row++) {
            lines.add(
                    "{\"user\":\"u%d\",\"what\":{\"item\":%d,\"tags\":[\"a\",\"t%d\"]},\"look\":[%s,1.0,-2.0,0.5],\"at\":\"%s\",\"hit\":%b}"
                            .formatted(row % 7, row, row % 3, row / 4f, Instant.ofEpochMilli(T0 + row), row % 2 == 1));
        }
        Files.write(directory.resolve("log.jsonl"), lines);

        List<ReplayEvent> ofParquet = events("parquet", DataFormat.PARQUET);

        assertThat(ofParquet).isEqualTo(events("jsonl", DataFormat.JSONL)).hasSizeGreaterThan(2 * ROWS);
        assertThat(ofParquet.toString())
                .contains("look=Dense[values=[0.25, 1.0, -2.0, 0.5]]")
                .contains("what.tags=Bag[values=[a, t1]]");
    }

    @Test
    void typesOfOtherWritersAreRead() throws IOException {
        MessageType type = MessageTypeParser.parseMessageType(
                """
                message other {
                  optional int96 old;
                  optional int32 day (DATE);
                  optional int64 milli (TIMESTAMP(MILLIS, false));
                  optional int64 nano (TIMESTAMP(NANOS, true));
                  optional int32 cents (DECIMAL(9, 2));
                  optional fixed_len_byte_array(3) many (DECIMAL(6, 1));
                  optional binary plain;
                  optional group more (MAP) { repeated group key_value { required binary key (STRING); optional double value; } }
                  repeated int32 several;
                  optional group two (LIST) { repeated int32 element; }
                  optional int32 none;
                }
                """);
        Group row = new SimpleGroup(type);
        row.append("old", new NanoTime(2_461_042, 1_500_000_000L)); // 2026-01-01, 1.5 s
        row.append("day", 20_454).append("milli", T0).append("nano", T0 * 1_000_000 + 1);
        row.append("cents", -150).append("many", Binary.fromConstantByteArray(new byte[] {0, 1, 0}));
        row.append("plain", "text");
        row.addGroup("more").addGroup("key_value").append("key", "a").append("value", 0.5);
        row.append("several", 1).append("several", 2);
        row.addGroup("two").append("element", 3);
        row.getGroup("two", 0).append("element", 4);
        Path file = written("other.parquet", type, CompressionCodecName.SNAPPY, List.of(row));

        List<Row> rows = rows(
                file,
                List.of("old", "day", "milli", "nano", "cents", "many", "plain", "more.a", "several", "two", "none"));

        String separator = String.valueOf(Row.ARRAY);
        assertThat(rows.get(0).cells())
                .containsExactly(
                        "2026-01-01T00:00:01.500Z",
                        "2026-01-01",
                        "2026-01-01T00:00:00Z",
                        "2026-01-01T00:00:00.000000001Z",
                        "-1.50",
                        "25.6",
                        "text",
                        "0.5",
                        separator + "1" + separator + "2",
                        separator + "3" + separator + "4",
                        "");
    }

    @Test
    void anotherWritersFileIsRead() throws IOException {
        Path file = Files.write(
                directory.resolve("foreign.parquet"), Base64.getMimeDecoder().decode(FOREIGN));

        List<Row> rows = rows(file, List.of("user", "item", "at", "price", "hit"));

        assertThat(rows).hasSize(12);
        assertThat(rows.get(0).cells()).containsExactly("u0", "", "2026-01-01T00:00:00Z", "0.0", "false");
        assertThat(rows.get(7).cells()).containsExactly("u2", "i7", "2026-01-01T00:07:00Z", "1.75", "true");
    }

    @Test
    void aSampleKnowsTheFormat() throws IOException {
        LogSample sample = LogSample.read(log("log.parquet", CompressionCodecName.SNAPPY), 100);

        assertThat(sample.format()).isEqualTo(DataFormat.PARQUET);
        assertThat(sample.rows()).isEqualTo(100);
        assertThat(sample.isWhole()).isFalse();
        assertThat(sample.columns().get(0).cells().get(8)).isEqualTo("u1");
    }

    @Test
    void aCutFileStopsTheReplay() throws IOException {
        Path file = log("log.parquet", CompressionCodecName.SNAPPY);
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 20));

        assertThatThrownBy(() -> rows(file, List.of("user")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("cannot read " + file);
    }

    @Test
    void aFileOfAnotherFormatIsOneFault() throws IOException {
        log("log.parquet", CompressionCodecName.SNAPPY);
        Files.writeString(directory.resolve("log.jsonl"), "{\"user\": \"u\"}\n");

        assertThatThrownBy(() -> events("parquet", DataFormat.CSV))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("--format parquet reads it");
        assertThatThrownBy(() -> events("jsonl", DataFormat.PARQUET)).hasMessageContaining("is no Parquet file");
    }

    @Test
    void aColumnThatIsNotThereIsAFault() throws IOException {
        log("log.parquet", CompressionCodecName.SNAPPY);
        Path mapping = Files.writeString(
                directory.resolve("m.properties"),
                "clicks.files = log.parquet\nclicks.item = what.sku\nclicks.time = at\n");

        assertThatThrownBy(() -> DataFormat.PARQUET.open(mapping, Streams.reader()))
                .hasMessageContaining(
                        "clicks.item = what.sku: is not a column of log.parquet, which has user, what.item");
    }

    private List<ReplayEvent> events(String extension, DataFormat format) throws IOException {
        Path mapping = Files.writeString(
                directory.resolve(extension + ".properties"),
                """
                log.files = log.%s
                log.user = user
                log.item = what.item
                log.time = at
                log.time.unit = iso-8601
                log.clicked = hit
                log.item-feature.look = vector
                log.item-feature.what.tags = bag
                """
                        .formatted(extension));
        try (Stream<ReplayEvent> events = format.open(mapping, Streams.reader()).events(bad -> {
            throw new AssertionError(bad);
        })) {
            return events.toList();
        }
    }

    private static List<Row> rows(Path file, List<String> columns) {
        List<Row> rows = new ArrayList<>();
        try (RowReader reader = new RowFile(file, new RowFormat.Parquet(), columns).rows(bad -> {
            throw new AssertionError(bad);
        })) {
            reader.forEachRemaining(rows::add);
        }
        return rows;
    }

    private Path log(String name, CompressionCodecName codec) throws IOException {
        List<Group> rows = new ArrayList<>();
        for (int number = 0; number < ROWS; number++) {
            Group row = new SimpleGroup(LOG);
            row.append("user", "u" + number % 7);
            Group what = row.addGroup("what");
            what.append("item", (long) number);
            Group tags = what.addGroup("tags");
            tags.addGroup("list").append("element", "a");
            tags.addGroup("list").append("element", "t" + number % 3);
            Group look = row.addGroup("look");
            for (float component : new float[] {number / 4f, 1, -2, 0.5f}) {
                look.addGroup("list").append("element", component);
            }
            row.append("at", (T0 + number) * 1_000).append("hit", number % 2 == 1);
            rows.add(row);
        }
        return written(name, LOG, codec, rows);
    }

    /** In several row groups. */
    private Path written(String name, MessageType type, CompressionCodecName codec, List<Group> rows)
            throws IOException {
        Path file = directory.resolve(name);
        Files.deleteIfExists(file);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withConf(new PlainParquetConfiguration())
                .withType(type)
                .withCompressionCodec(codec)
                .withCodecFactory(new Codecs())
                .withRowGroupSize(4_096L)
                .withMinRowCountForPageSizeCheck(10)
                .build()) {
            for (Group row : rows) {
                writer.write(row);
            }
        }
        return file;
    }

    /** As the writer has gzip from Hadoop alone. */
    private static final class Codecs implements CompressionCodecFactory {

        private final CompressionCodecFactory others = new CodecFactory(new PlainParquetConfiguration(), 1 << 16);

        @Override
        public BytesInputCompressor getCompressor(CompressionCodecName codec) {
            return codec == CompressionCodecName.GZIP ? new Gzip() : others.getCompressor(codec);
        }

        @Override
        public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
            return others.getDecompressor(codec);
        }

        @Override
        public void release() {
            others.release();
        }
    }

    private static final class Gzip implements CompressionCodecFactory.BytesInputCompressor {

        @Override
        public BytesInput compress(BytesInput page) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
                page.writeAllTo(gzip);
            }
            return BytesInput.from(bytes.toByteArray());
        }

        @Override
        public CompressionCodecName getCodecName() {
            return CompressionCodecName.GZIP;
        }

        @Override
        public void release() {}
    }
}
