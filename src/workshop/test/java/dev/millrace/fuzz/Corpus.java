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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The inputs that are kept, by target; {@link #main} makes anew those that change with our schemas and state. */
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

    /** Writes good records and checkpoints. */
    public static void main(String[] arguments) throws IOException {
        for (Map.Entry<String, List<byte[]>> topic :
                HostileRecords.samples(Input.directory()).entrySet()) {
            List<byte[]> values = topic.getValue();
            for (int at = 0; at < Math.min(SAMPLES, values.size()); at++) {
                write("EventFuzz", topic.getKey() + "-" + at, EventFuzz.input(topic.getKey(), values.get(at)));
            }
        }
        json();
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

    private static void write(String target, String name, byte[] input) throws IOException {
        Path directory = Files.createDirectories(DIRECTORY.resolve(target));
        Files.write(directory.resolve("seed-" + name), input);
    }
}
