package dev.millrace.workshop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.Commands;
import dev.millrace.cli.MadeUpRatings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class TuneCommandTest {

    private final Commands commands = new Commands();
    private final Path folder;
    private final Path tuned;

    TuneCommandTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        this.tuned = folder.resolve("tuned.properties");
        MadeUpRatings.write(folder);
        // rows that hardly learn, and no lists that find as much: nearly any other rate is better
        Files.writeString(
                folder.resolve("base.properties"),
                """
                batch.negatives = 16
                negatives.popularity = 0
                tower.dim = 8
                optimiser.rows.learning-rate = 0.001
                neighbours.most = 0
                """);
    }

    @Test
    void aBadSettingIsFoundAndTheGainIsMeasuredOnTheRest() throws IOException {
        assertThat(run("--trials", "9", "--seed", "4", "--output", "json"))
                .as(commands.err())
                .isZero();

        JsonNode found = new ObjectMapper().readTree(commands.out());
        assertThat(found.path("data").asText()).isEqualTo("ratings");
        assertThat(found.path("k").asInt()).isEqualTo(20);
        assertThat(found.path("trials")).hasSize(10).first().satisfies(given -> {
            assertThat(given.path("trial").asText()).isEqualTo("given");
            assertThat(given.path("changes")).isEmpty();
        });
        JsonNode change = StreamSupport.stream(found.path("changes").spliterator(), false)
                .filter(each -> each.path("setting").asText().equals("optimiser.rows.learning-rate"))
                .findFirst()
                .orElseThrow();
        assertThat(change.path("given").asText()).isEqualTo("0.001");
        assertThat(found.path("isCertain").asBoolean()).isTrue();
        assertThat(found.at("/restGain/mean").asDouble()).isPositive();
        assertThat(found.at("/restRecall/mean").asDouble())
                .isCloseTo(
                        found.at("/restGivenRecall/mean").asDouble()
                                + found.at("/restGain/mean").asDouble(),
                        within(1e-6));
        assertThat(found.path("file").asText()).isEqualTo(tuned.toString());
        assertThat(Files.readString(tuned)).startsWith("# Made by millrace tune from ratings.");
        assertThat(MillraceSettings.load(List.of(tuned), Map.of(), Map.of(), Map.of())
                        .trainerTexts())
                .containsEntry(
                        "optimiser.rows.learning-rate", change.path("better").asText());
    }

    @Test
    void theSameTrialsAndSeedGiveTheSameFile() throws IOException {
        run("--trials", "3");
        String first = Files.readString(tuned);
        String shown = commands.out();

        assertThat(run("--trials", "3", "--force")).as(commands.err()).isZero();

        assertThat(Files.readString(tuned)).isEqualTo(first);
        assertThat(commands.out()).isEqualTo(shown);
    }

    @Test
    void minutesBecomeTrials() {
        assertThat(run("--minutes", "0.0001")).isEqualTo(2);
        assertThat(commands.err())
                .startsWith("--minutes = 0.0: must be at least ")
                .contains(" for 3 trials on ratings; or give --trials");
        assertThat(tuned).doesNotExist();
    }

    @Test
    void aFileIsOverwrittenOnlyIfToldSo() throws IOException {
        Files.writeString(tuned, "mine\n");

        assertThat(run("--trials", "3")).isEqualTo(2);

        assertThat(commands.err()).contains("--out = " + tuned + ": exists; --force overwrites it");
        assertThat(Files.readString(tuned)).isEqualTo("mine\n");
    }

    @Test
    void whatCannotBeSearchedIsNamed() {
        assertThat(commands.run("tune")).isEqualTo(2);
        assertThat(commands.err()).contains("--data = absent: must be given together with --format, or --mini-batches");
        assertThat(run("--at", "7")).isEqualTo(2);
        assertThat(commands.err()).contains("--at = 7: must be one of [10, 20, 50, 100]");
        assertThat(run("--first", "1")).isEqualTo(2);
        assertThat(commands.err()).contains("--first = 1.0: must be from 0.05 to 0.95");
        assertThat(run("--mini-batches")).isEqualTo(2);
        assertThat(commands.err()).contains("--data = given: must not be given with --mini-batches");
        assertThat(run("--trials", "9", "--set", "evaluate.first=0.01")).isEqualTo(2);
        assertThat(commands.err())
                .contains("ratings = the first 5.6 % of its events: must have events to rank")
                .doesNotContain("Exception");
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of("tune", "--format", "movielens"));
        all.addAll(List.of("--data", folder.resolve(MadeUpRatings.FOLDER).toString()));
        all.addAll(List.of("--config", folder.resolve("base.properties").toString()));
        all.addAll(List.of("--out", tuned.toString()));
        all.addAll(List.of(arguments));
        return commands.run(all.toArray(String[]::new));
    }
}
