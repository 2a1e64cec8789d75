package dev.millrace.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.train.Trainer;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Towers computed from the files alone, as docs/checkpoints.md says, beside the learner. */
class TowerFilesTest {

    private static final int DIM = 8;
    private static final float TOLERANCE = 1e-5f;

    private final Path directory;
    private final Checkpoint checkpoint = Learners.checkpoint(12);
    private final ObjectMapper json = new ObjectMapper();
    private JsonNode towers = json.createObjectNode();

    TowerFilesTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @BeforeEach
    void write() throws IOException {
        Trainer learner = checkpoint.toLookAt();
        TowerFiles.write(
                directory,
                TowerFiles.Form.ONNX,
                checkpoint.header(),
                checkpoint.settings().trainer().model(),
                learner.model());
        towers = json.readTree(directory.resolve("towers.json").toFile());
    }

    @Test
    void knownAndNewItemsHaveTheLearnersVectors() throws IOException, OrtException {
        Map<String, float[]> rows = table(feature("item", "item").path("table").asText());
        List<String> items = List.of("i3", "i7", "i19", "nobody");

        Trainer learner = checkpoint.toLookAt();
        float[] expected = new float[DIM];
        for (String item : items) {
            learner.vectors(List.of(item), expected);
            assertClose(run("item", rows.getOrDefault(item, initial("item", item))), expected);
        }
        assertThat(rows).containsKeys("i3", "i7", "i19").doesNotContainKey("nobody");
    }

    @Test
    void usersWithAHistoryHaveTheLearnersVectors() throws IOException, OrtException {
        Map<String, float[]> users = table(feature("user", "user").path("table").asText());
        JsonNode history = feature("user", "history");
        Map<String, float[]> items = table(history.path("table").asText());
        assertThat(history.path("pooling").asText()).isEqualTo("positions");
        float latest = (float) history.path("weights").get(0).asDouble();
        float before = (float) history.path("weights").get(1).asDouble();

        Trainer learner = checkpoint.toLookAt();
        float[] expected = new float[DIM];
        for (String user : List.of("u1", "u2", "a new one")) {
            List<String> had = List.of("i3", "i7", "not an item");
            learner.userVectors(
                    List.of(new UserFeatures(user, 0, Features.NONE, had)), List.of(Features.NONE), expected);
            float[] x = new float[2 * DIM];
            System.arraycopy(
                    users.getOrDefault(user, initial("user", user)),
                    0,
                    x,
                    feature("user", "user").path("first").asInt(),
                    DIM);
            for (int d = 0; d < DIM; d++) { // the mean of the two that have a row, by the weights of their places
                x[history.path("first").asInt() + d] =
                        (latest * row(items, "i3")[d] + before * row(items, "i7")[d]) / (latest + before);
            }
            assertClose(run("user", x), expected);
        }
    }

    @Test
    void aSingleChannelAsksForNoFactors() {
        assertThat(towers.path("channels")).hasSize(1);
        assertThat(towers.path("channels").get(0).path("factor").asDouble()).isEqualTo(1);
        assertThat(towers.path("step").asLong()).isEqualTo(12);
    }

    private JsonNode feature(String tower, String name) {
        for (JsonNode feature : towers.path(tower).path("features")) {
            if (feature.path("name").asText().equals(name)) {
                return feature;
            }
        }
        throw new AssertionError("no feature " + name + " in " + towers);
    }

    private Map<String, float[]> table(String name) throws IOException {
        Map<String, float[]> rows = new HashMap<>();
        for (JsonNode table : towers.path("tables")) {
            if (table.path("name").asText().equals(name)) {
                List<String> keys =
                        Files.readAllLines(directory.resolve(table.path("keys").asText()));
                int width = table.path("width").asInt();
                float[] all =
                        ItemVectorsTest.npy(directory.resolve(table.path("file").asText()), keys.size(), width);
                for (int row = 0; row < keys.size(); row++) {
                    rows.put(
                            json.readValue(keys.get(row), String.class),
                            Arrays.copyOfRange(all, row * width, (row + 1) * width));
                }
            }
        }
        assertThat(rows).as(name).isNotEmpty();
        return rows;
    }

    private static float[] row(Map<String, float[]> rows, String key) {
        return Optional.ofNullable(rows.get(key)).orElseThrow();
    }

    /** As the page has it: b_d = mix(mix(h) + (d + 1) · 9e37…), and the sum of its four parts. */
    private float[] initial(String table, String key) {
        long h = hash(towers.path("seed").asLong() ^ 0xcbf29ce484222325L, table);
        h = hash(h * 0x100000001b3L, key);
        float[] row = new float[DIM];
        for (int d = 0; d < DIM; d++) {
            long b = mix(mix(h) + (d + 1) * 0x9e3779b97f4a7c15L);
            long sum = (b & 0xffff) + (b >>> 16 & 0xffff) + (b >>> 32 & 0xffff) + (b >>> 48);
            row[d] = (float) ((sum - 131070) * towers.path("rowScale").asDouble() * Math.sqrt(3) / 65536);
        }
        return row;
    }

    private static long hash(long start, String text) {
        long h = start;
        for (int at = 0; at < text.length(); at++) {
            h = (h ^ text.charAt(at)) * 0x100000001b3L;
        }
        return h;
    }

    private static long mix(long value) {
        long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    private float[] run(String tower, float[] x) throws OrtException {
        OrtEnvironment runtime = OrtEnvironment.getEnvironment();
        Path file = directory.resolve(towers.path(tower).path("file").asText());
        try (OrtSession session = runtime.createSession(file.toString());
                OnnxTensor input = OnnxTensor.createTensor(runtime, FloatBuffer.wrap(x), new long[] {1, x.length});
                OrtSession.Result result = session.run(Map.of("x", input))) {
            float[] vector = new float[DIM];
            ((OnnxTensor) result.get("vector").orElseThrow()).getFloatBuffer().get(vector);
            return vector;
        }
    }

    private static void assertClose(float[] actual, float[] expected) {
        for (int at = 0; at < expected.length; at++) {
            assertThat(actual[at]).isCloseTo(expected[at], within(TOLERANCE));
        }
    }
}
