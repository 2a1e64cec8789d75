package dev.millrace.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.train.Trainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ItemVectorsTest {

    private final Path directory;
    private final Checkpoint checkpoint = Learners.checkpoint(12);

    ItemVectorsTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void arrayHasPublishedBitsInOrderOfIds() throws IOException {
        Trainer learner = checkpoint.toLookAt();
        int items = ItemVectors.write(directory, checkpoint.header(), learner);

        List<String> ids = Files.readAllLines(directory.resolve("ids.txt"));
        assertThat(ids).hasSize(items).containsExactlyInAnyOrderElementsOf(learner.items());
        float[] expected = new float[items * learner.dim()];
        learner.vectors(ids, expected);
        assertThat(npy(directory.resolve("vectors.npy"), items, learner.dim())).isEqualTo(expected);
        JsonNode manifest =
                new ObjectMapper().readTree(directory.resolve("vectors.json").toFile());
        assertThat(manifest.path("step").asLong()).isEqualTo(12);
        assertThat(manifest.path("digest").asText())
                .isEqualTo(checkpoint.header().learnt().digest());
        assertThat(manifest.path("width").asInt()).isEqualTo(8);
    }

    @Test
    void theCommaSeparatedLinesHaveTheSameBits() throws IOException {
        Trainer learner = checkpoint.toLookAt();
        int items = ItemVectors.write(directory, checkpoint.header(), learner);

        List<String> lines = Files.readAllLines(directory.resolve("vectors.csv"));
        assertThat(lines).hasSize(1 + items);
        assertThat(lines.get(0)).startsWith("\"item\",\"v0\",\"v1\"");
        float[] vector = new float[learner.dim()];
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            learner.vectors(List.of(cells[0].substring(1, cells[0].length() - 1)), vector);
            for (int at = 0; at < vector.length; at++) {
                assertThat(Float.parseFloat(cells[1 + at])).isEqualTo(vector[at]);
            }
        }
    }

    /** Reads an array by NumPy's description of its format, version 1.0. */
    static float[] npy(Path file, int rows, int width) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[6];
        bytes.get(magic);
        assertThat(new String(magic, StandardCharsets.ISO_8859_1)).isEqualTo("\u0093NUMPY");
        assertThat(bytes.get()).isEqualTo((byte) 1);
        assertThat(bytes.get()).isEqualTo((byte) 0);
        byte[] header = new byte[bytes.getShort()];
        bytes.get(header);
        assertThat(bytes.position() % 64).isZero();
        assertThat(new String(header, StandardCharsets.US_ASCII))
                .matches(
                        "\\{'descr': '<f4', 'fortran_order': False, 'shape': \\(" + rows + ", " + width + "\\), } *\n");
        float[] values = new float[rows * width];
        bytes.asFloatBuffer().get(values);
        assertThat(bytes.remaining()).isEqualTo(values.length * Float.BYTES);
        return values;
    }
}
