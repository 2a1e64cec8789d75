package dev.millrace.workshop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.cli.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The protocol on a log of four rows, with weights .5 / .25 = 2, .5 / .5 = 1, 1 and .5 / .125 = 4. */
class OffPolicyOptionsTest {

    private final Commands commands = new Commands();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    private Path log = Path.of("");

    @BeforeEach
    void writeLog() throws IOException {
        log = Files.writeString(
                folder.resolve("log.csv"),
                """
                item_id,position,click,propensity_score,candidate
                a,1,1,0.25,0
                b,1,0,0.5,0.5
                a,2,1,0.5,0.25
                b,2,1,0.125,0
                """);
    }

    @Test
    void thereIsARowForAllAndForEachPlace() throws IOException {
        assertThat(run("--candidate", "uniform", "--clip", "3", "--output", "json"))
                .as(commands.err())
                .isZero();

        JsonNode rows = new ObjectMapper().readTree(commands.out()).path("rows");
        assertThat(rows).extracting(row -> row.path("place").asText()).containsExactly("all", "1", "2");
        assertThat(rows.get(0).path("ips").path("value").asDouble()).isCloseTo((2 + 1 + 3) / 4.0, within(1e-12));
        assertThat(rows.get(1).path("selfNormalised").path("value").asDouble()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(rows.get(1).path("logged").path("value").asDouble()).isEqualTo(0.5);
        assertThat(rows.get(2).path("clipped").asDouble()).isEqualTo(0.5);
        assertThat(rows.get(2).path("shown").asLong()).isEqualTo(2);
        assertThat(rows.get(0).has("doublyRobust")).isTrue();
    }

    @Test
    void aColumnOfTheLogMayBeTheCandidate() throws IOException {
        assertThat(run("--output", "json")).as(commands.err()).isZero();

        JsonNode all = new ObjectMapper().readTree(commands.out()).path("rows").get(0);
        assertThat(all.path("ips").path("value").asDouble()).isCloseTo(0.5 / 4, within(1e-12));
        assertThat(all.has("doublyRobust")).isFalse(); // what else the candidate would show is not known
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--candidate uniform --clip=-1",
                "--candidate uniform --format csv",
                "--candidate uniform --set tower.dim=8",
                "--candidate uniform --raw-topics",
                "--candidate uniform --warm-up 0.5",
                "--protocol prequential --candidate uniform"
            })
    void whatCannotBeMeantIsRefused(String options) {
        assertThat(run(options.split(" "))).isEqualTo(2);
    }

    @Test
    void aCandidateThatShowsNothingOfTheLogIsRefused() throws IOException {
        Path other = Files.writeString(folder.resolve("other.csv"), "item_id,position,probability\na,1,1\nc,2,1\n");

        assertThat(run("--candidate", other.toString())).isEqualTo(2);
        assertThat(commands.err()).contains("must show an item that --data shows at place 2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--candidate uniform",
                "--candidate explore=0.1 --raw-topics",
                "--candidate explore=warm",
                "--candidate explore=1000"
            })
    void theClustersAnswersHaveACandidateOfTheirOwn(String options) {
        List<String> all = new ArrayList<>(List.of("evaluate", "--protocol", "off-policy", "--quiet"));
        all.addAll(List.of(options.split(" ")));

        assertThat(commands.run(all.toArray(String[]::new))).isEqualTo(2);
        assertThat(commands.err()).contains(options.contains("raw") ? "--raw-topics" : "explore=");
    }

    private int run(String... options) {
        List<String> all =
                new ArrayList<>(List.of("evaluate", "--protocol", "off-policy", "--quiet", "--data", log.toString()));
        all.addAll(List.of(options));
        return commands.run(all.toArray(String[]::new));
    }
}
