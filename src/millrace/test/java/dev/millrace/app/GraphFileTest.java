package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.model.graph.DeclaredGraph;
import dev.millrace.model.graph.GraphText;
import dev.millrace.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        Path file = folder.resolve("mine.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (String name : new String[] {"configuration.json", "normalizer.bin"}) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(fixed().getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }
        }
        assertThatThrownBy(() -> GraphFile.content(KEY, file.getFileName().toString(), folder))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("must be a network alone: it has normalizer.bin");
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
