package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.model.graph.DeclaredGraph;
import dev.millrace.model.graph.GraphText;
import dev.millrace.settings.InvalidSettingsException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of graphs that a setting names. */
class GraphFileTest {

    private static final String KEY = "tower.channel.mine.user.graph";

    private final Path folder;

    GraphFileTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private static String fixed() throws IOException {
        return Files.readString(Path.of("config/graphs/mlp.json"))
                .replace("\"nin\": 0", "\"nin\": 64")
                .replace("\"nout\": 0", "\"nout\": 64");
    }

    @Test
    void theContentTakesThePlaceOfTheName() throws IOException {
        Path file = Files.writeString(folder.resolve("mine.json"), fixed());
        assertThat(GraphFile.content(KEY, file.getFileName().toString(), folder))
                .isEqualTo(GraphText.compact(fixed()));
        assertThat(GraphFile.content(KEY, fixed().replace("\n", "\r\n"), folder))
                .isEqualTo(GraphText.compact(fixed()));
        assertThat(GraphFile.content("batch.size", "mine.json", folder)).isEqualTo("mine.json");
    }

    @Test
    void aNetworkThatDl4jSavedIsReadWithItsParameters() throws IOException {
        ComputationGraph network = new ComputationGraph(ComputationGraphConfiguration.fromJson(fixed()));
        network.init();
        Path file = folder.resolve("mine.zip");
        ModelSerializer.writeModel(network, file.toFile(), true);
        DeclaredGraph read =
                GraphText.read(GraphFile.content(KEY, file.getFileName().toString(), folder));
        assertThat(read.parameters().orElseThrow())
                .containsExactly(network.params().dup('c').data().asFloat());
    }

    @Test
    void aNormaliserWouldBeDeserialisedAndIsRefused() throws IOException {
        byte[] configuration = fixed().getBytes(StandardCharsets.UTF_8);
        refusesSaved(
                Map.of("configuration.json", configuration, "normalizer.bin", new byte[0]),
                "must be a network alone: it has normalizer.bin");
    }

    @Test
    void whatIsTooLargeIsRefusedBeforeItIsRead() throws IOException {
        byte[] large = " ".repeat((4 << 20) + 1).getBytes(StandardCharsets.UTF_8);
        Files.write(folder.resolve("mine.json"), large);

        assertThatThrownBy(() -> GraphFile.content(KEY, "mine.json", folder))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("must have at most 4194304 bytes");
        refusesSaved(
                Map.of("configuration.json", large), // some kilobytes in the file
                "configuration.json in it must have at most 4194304 bytes");
    }

    @Test
    void savedParametersAreWholeFloats() throws IOException {
        byte[] configuration = fixed().getBytes(StandardCharsets.UTF_8);

        refusesSaved(
                Map.of("configuration.json", configuration, "coefficients.bin", numbers("DOUBLE", 2, 16)),
                "must have parameters of type FLOAT, not DOUBLE");
        refusesSaved(
                Map.of("configuration.json", configuration, "coefficients.bin", numbers("FLOAT", 3, 8)),
                "coefficients.bin in it is damaged");
    }

    /** An array in ND4J's form, of zeros. */
    private static byte[] numbers(String type, long length, int bytes) throws IOException {
        ByteArrayOutputStream array = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(array);
        out.writeUTF("MIXED_DATA_TYPES"); // how the shape is kept, its length and type
        out.writeLong(1);
        out.writeUTF("LONG");
        out.writeLong(0);
        out.writeUTF("MIXED_DATA_TYPES");
        out.writeLong(length);
        out.writeUTF(type);
        out.write(new byte[bytes]);
        return array.toByteArray();
    }

    private void refusesSaved(Map<String, byte[]> parts, String rule) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(folder.resolve("mine.zip")))) {
            for (Map.Entry<String, byte[]> part : parts.entrySet()) {
                zip.putNextEntry(new ZipEntry(part.getKey()));
                zip.write(part.getValue());
            }
        }
        assertThatThrownBy(() -> GraphFile.content(KEY, "mine.zip", folder))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(rule);
    }

    @Test
    void whatCannotBeReadIsAFaultOfTheSetting() throws IOException {
        assertThatThrownBy(() -> GraphFile.content(KEY, "none.json", folder))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(KEY)
                .hasMessageContaining("must be a readable file");
        Files.writeString(folder.resolve("mine.zip"), "no zip");
        assertThatThrownBy(() -> GraphFile.content(KEY, "mine.zip", folder))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(KEY);
    }
}
