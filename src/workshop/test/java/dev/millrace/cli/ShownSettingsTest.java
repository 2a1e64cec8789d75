package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.app.MillraceSettings;
import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.LearnerSettings;
import dev.millrace.state.EntrySource;
import dev.millrace.train.StepDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code model show --settings} prints of a learner with graphs is a settings file of the same learner. */
class ShownSettingsTest {

    private static final String KEY = "tower.channel.mine.user.graph";

    private final Path directory;
    private final Commands commands = new Commands();

    ShownSettingsTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void aGraphIsReadBackWithNamesThatNeedEscapes() throws IOException {
        String graph = Files.readString(Path.of("config/graphs/lstm.json"));
        String named = graph.replace("\"read\"", "\"re\\\"ad \\\\ \\t # = für\"");
        assertThat(named).isNotEqualTo(graph);
        assertThatItIsReadBack(Files.writeString(directory.resolve("mine.json"), named));
    }

    @Test
    void aSavedGraphIsReadBackWithItsParameters() throws IOException {
        String fixed = Files.readString(Path.of("config/graphs/mlp.json"))
                .replaceFirst("\"nin\": 0", "\"nin\": 128") // both features of a user
                .replace("\"nin\": 0", "\"nin\": 64")
                .replace("\"nout\": 0", "\"nout\": 64");
        ComputationGraph network = new ComputationGraph(ComputationGraphConfiguration.fromJson(fixed));
        network.init();
        Path file = directory.resolve("mine.zip");
        ModelSerializer.writeModel(network, file.toFile(), true);
        assertThatItIsReadBack(file);
    }

    private void assertThatItIsReadBack(Path graph) throws IOException {
        Map<String, String> given =
                Map.of("tower.channels", "mine", "tower.channel.mine.kind", "dl4j", KEY, "" + graph);
        LearnerSettings learner =
                MillraceSettings.load(List.of(), Map.of(), Map.of(), given).learner();
        Path checkpoint = directory.resolve("any.checkpoint");
        Checkpoint.Header header = new Checkpoint.Header(
                Checkpoint.Origin.now(Checkpoint.Source.LEARNER),
                learner.lineage("any"),
                new StepDigest(1, "00"),
                Optional.empty(),
                learner.texts());
        CheckpointFile.write(checkpoint, new Checkpoint(header, EntrySource.NONE));

        assertThat(commands.run("model", "show", "--in", checkpoint.toString(), "--settings"))
                .isZero();
        Path shown = Files.writeString(directory.resolve("shown.properties"), commands.out());
        Files.delete(graph); // the settings have what stood in it
        LearnerSettings readBack = MillraceSettings.load(List.of(shown), Map.of(), Map.of(), Map.of())
                .learner();

        assertThat(readBack.texts()).isEqualTo(learner.texts());
        assertThat(readBack.lineage("any")).isEqualTo(learner.lineage("any"));
    }
}
