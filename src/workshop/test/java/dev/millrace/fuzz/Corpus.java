package dev.millrace.fuzz;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.Learners;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.state.EntrySource;
import dev.millrace.stream.HostileRecords;
import dev.millrace.stream.Streams;
import dev.millrace.train.EntryKind;
import dev.millrace.wire.EventJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The inputs that are kept, by target; {@link #main} makes those that fuzzing begins with. */
final class Corpus {

    static final Path DIRECTORY = Path.of("src/workshop/test/resources/fuzz");

    /** What a fuzzer calls. */
    interface Target {
        void read(byte[] input) throws IOException;
    }

    static final Map<String, Target> TARGETS = Map.of(
            "EventFuzz", EventFuzz::fuzzerTestOneInput,
            "SchemaFuzz", SchemaFuzz::fuzzerTestOneInput,
            "RequestFuzz", RequestFuzz::fuzzerTestOneInput,
            "RowFuzz", RowFuzz::fuzzerTestOneInput,
            "MappingFuzz", MappingFuzz::fuzzerTestOneInput,
            "SettingsFuzz", SettingsFuzz::fuzzerTestOneInput,
            "CheckpointFuzz", CheckpointFuzz::fuzzerTestOneInput);

    private static final int SAMPLES = 2;
    private static final int MOST_BYTES = 8_192;
    private static final int FRAME_HEADER_BYTES = 8;

    private Corpus() {}

    /** Writes good inputs of every target. */
    public static void main(String[] arguments) throws IOException {
        for (Map.Entry<String, List<byte[]>> topic :
                HostileRecords.samples(Input.directory()).entrySet()) {
            List<byte[]> values = topic.getValue();
            for (int at = 0; at < Math.min(SAMPLES, values.size()); at++) {
                write("EventFuzz", topic.getKey() + "-" + at, EventFuzz.input(topic.getKey(), values.get(at)));
            }
        }
        json();
        schemas();
        requests();
        rows();
        mappings();
        text(
                "SettingsFuzz",
                "some",
                "",
                "batch.size = 16\ntower.dim = 8\ndigest.steps = 5\nattribution.window = 90s\n");
        text("SettingsFuzz", "lists", "", "features.user = history, age\nfeatures.user.age.kind = number\n");
        checkpoints();
    }

    private static void json() throws IOException {
        Features features = Features.of(Map.of(
                "city", new FeatureValue.Category("Köln"),
                "age", new FeatureValue.Quantity(34.5),
                "tags", new FeatureValue.Bag(List.of("a", "b")),
                "picture", new FeatureValue.Dense(List.of(0.1f, -2f))));
        Click click = new Click("c1", "u1", "i1", Optional.of("e1"), "click", 0.5, Streams.T0, Streams.T0, features);
        write("EventFuzz", "clicks-json", EventFuzz.input("clicks", EventJson.of(click)));
        CatalogueItem item = new CatalogueItem("i1", Streams.T0, features);
        write("EventFuzz", "items-json", EventFuzz.input("items", EventJson.of(item)));
    }

    private static void schemas() throws IOException {
        String small = "{\"type\":\"record\",\"name\":\"ItemEvent\",\"namespace\":\"dev.millrace.avro\",\"fields\":["
                + "{\"name\":\"item\",\"aliases\":[\"item_id\"],\"type\":\"string\"},"
                + "{\"name\":\"code\",\"type\":{\"type\":\"fixed\",\"name\":\"Code\",\"size\":2},\"default\":\"ab\"},"
                + "{\"name\":\"time\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}}]}";
        for (int from = 0; from < 2; from++) {
            text("SchemaFuzz", "small-" + from, String.valueOf((char) from), small + "\0\4i1ab\2");
        }
        text(
                "SchemaFuzz",
                "answer",
                "\2",
                "{\"schema\": \"{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"E\\\",\\\"symbols\\\":[\\\"A\\\"]}\","
                        + " \"references\": [{\"name\": \"E\", \"subject\": \"s\", \"version\": 1}]}\0\0");
    }

    private static void requests() throws IOException {
        text("RequestFuzz", "query", "\0", "user=u1&k=3&exclude=a,b&filter.price.min=1&w.click=0.5&explain=true");
        text(
                "RequestFuzz",
                "body",
                "\1",
                "{\"user\": \"u1\", \"k\": 2, \"filter\": {\"price\": {\"min\": 1}, \"tags\": [\"new\"]},"
                        + " \"features\": {\"age\": 3, \"bag\": [\"a\"], \"vector\": [1.5]}, \"history\": [\"a\"]}");
        text("RequestFuzz", "batch", "\1", "{\"requests\": [{\"user\": \"u1\", \"weights\": {\"like\": 2}}, {}]}");
    }

    private static void rows() throws IOException {
        text("RowFuzz", "json", "\0", "{\"user\":\"u1\",\"item\":\"i1\",\"time\":1767225600000,\"tags\":[\"a\"]}\n{");
        text("RowFuzz", "nested", "\1", "{\"a\":{\"b\":\"u1\"},\"item\":\"i1\",\"time\":\"2026-01-01T00:00:00Z\"}\n");
        String csv = "u1,i1,1767225600000,1,7,a|b,1 2\nu2,\"i,\n2\",1767225600000,0,,,\n";
        for (int mapping = 2; mapping < 5; mapping++) {
            text("RowFuzz", "csv-" + mapping, String.valueOf((char) mapping), csv);
        }
        byte[] utf16 = "user,item,time,clicked\nu,i,1767225600000,1".getBytes(StandardCharsets.UTF_16BE);
        write("RowFuzz", "utf-16", join(new byte[] {5}, utf16));
    }

    private static void mappings() throws IOException {
        text(
                "MappingFuzz",
                "csv",
                "\0",
                """
                log.files = *.csv
                log.clicked = clicked
                log.delimiter = ,
                log.quote = "
                log.time.unit = ms
                log.user-feature.clicked = bag | as flag
                """);
        text(
                "MappingFuzz",
                "json",
                "\1",
                """
                clicks.files = log.jsonl
                clicks.item = item.id
                clicks.charset = UTF-8
                items.files = log.jsonl
                items.key = item.id
                """);
    }

    private static void checkpoints() throws IOException {
        Checkpoint learner = Learners.checkpoint(2);
        Checkpoint empty = new Checkpoint(learner.header(), EntrySource.NONE);
        Path file = Input.directory().resolve("seed");
        CheckpointFile.write(file, empty);
        byte[] bytes = Files.readAllBytes(file);
        write("CheckpointFuzz", "file", join(new byte[] {0}, bytes));
        // behind the magic and the frame's own header: the payload; before the sum
        byte[] header = Arrays.copyOfRange(bytes, 16, bytes.length - 32);
        byte[] length =
                ByteBuffer.allocate(Short.BYTES).putShort((short) header.length).array();
        write("CheckpointFuzz", "payloads", join(new byte[] {1}, length, header, new byte[] {0, 6, 1, 0, 0, 0, 'm', 7
        }));
        Set<String> kinds = new HashSet<>();
        int number = 0;
        for (Map.Entry<byte[], byte[]> entry : Learners.map(learner.entries()).entrySet()) {
            byte[] value = entry.getValue();
            String kind = EntryKind.words(entry.getKey());
            if (value.length <= MOST_BYTES && kinds.add(kind)) {
                byte[] payload = Arrays.copyOfRange(value, FRAME_HEADER_BYTES, value.length);
                write("CheckpointFuzz", "entry-" + number, join(new byte[] {2, (byte) number}, payload));
            }
            number++;
        }
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }

    private static void text(String target, String name, String choice, String text) throws IOException {
        write(target, name, (choice + text).getBytes(StandardCharsets.UTF_8));
    }

    private static void write(String target, String name, byte[] input) throws IOException {
        Path directory = Files.createDirectories(DIRECTORY.resolve(target));
        Files.write(directory.resolve("seed-" + name), input);
    }
}
