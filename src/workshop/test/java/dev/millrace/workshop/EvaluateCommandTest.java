package dev.millrace.workshop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.cli.Commands;
import dev.millrace.cli.MadeUpRatings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The protocols on some made-up ratings and on the fixture of Yidian. */
class EvaluateCommandTest {

    private final Commands commands = new Commands();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @Test
    void aTableHasARowForEachConfigurationAndTheBaselines() throws IOException {
        Path overlays = Files.createDirectory(folder.resolve("losses"));
        Files.writeString(overlays.resolve("warm.properties"), "loss.temperature = 0.3\n");
        Files.writeString(overlays.resolve("cold.properties"), "loss.temperature = 0.05\n");
        Files.writeString(overlays.resolve("notes.txt"), "not a configuration\n");
        Path markdown = folder.resolve("table.md");
        Path json = folder.resolve("table.json");

        int status = run(
                "--table",
                overlays.toString(),
                "--frozen",
                "--report",
                markdown.toString(),
                "--report",
                json.toString());

        assertThat(status).as(commands.err()).isZero();
        assertThat(Files.readString(markdown)).isEqualTo(commands.out());
        assertThat(commands.out().lines().filter(line -> line.startsWith("| ")).map(line -> line.split(" \\| ")[0]))
                .containsExactly(
                        "| configuration",
                        "| default",
                        "| default, frozen after the warm-up",
                        "| popularity",
                        "| item-knn",
                        "| losses/cold",
                        "| losses/warm");
        JsonNode rows = new ObjectMapper().readTree(json.toFile()).path("rows");
        assertThat(rows).hasSize(6);
        assertThat(rows.get(0).path("examplesPerSecond").asLong()).isPositive();
        assertThat(rows)
                .extracting(row -> row.path("scored").asLong())
                .containsOnly(rows.get(0).path("scored").asLong());
        assertThat(rows.get(4).path("at10")).isNotEqualTo(rows.get(5).path("at10"));
        assertThat(commands.err().lines().map(line -> line.split(":")[0]))
                .containsExactly("1/3 default", "2/3 losses/cold", "3/3 losses/warm");
    }

    @Test
    void theDefaultRowIsWhatThePlainProtocolGives() throws IOException {
        Path overlay = Files.writeString(folder.resolve("same.properties"), "loss.temperature = 0.1\n");
        Path table = folder.resolve("table.json");
        Path plain = folder.resolve("plain.json");

        assertThat(run("--table", overlay.toString(), "--report", table.toString()))
                .as(commands.err())
                .isZero();
        assertThat(run("--with", "item-knn", "--report", plain.toString(), "--output", "json"))
                .isZero();

        JsonNode rows = new ObjectMapper().readTree(table.toFile()).path("rows");
        JsonNode figures = new ObjectMapper().readTree(plain.toFile());
        assertThat(new ObjectMapper().readTree(commands.out())).isEqualTo(figures);
        // default, popularity, item-knn, and the overlay that says what holds anyhow
        for (String figure : List.of("at10", "at100", "ndcg10")) {
            assertThat(rows.get(0).path(figure)).isEqualTo(figures.path("model").path(figure));
            assertThat(rows.get(1).path(figure))
                    .isEqualTo(figures.path("popularity").path(figure));
            assertThat(rows.get(2).path(figure))
                    .isEqualTo(figures.path("item-knn").path(figure));
            assertThat(rows.get(3).path(figure)).isEqualTo(rows.get(0).path(figure));
        }
    }

    @Test
    void everyFaultOfEveryConfigurationIsReportedBeforeAnythingRuns() throws IOException {
        Path overlays = Files.createDirectory(folder.resolve("losses"));
        Files.writeString(overlays.resolve("cold.properties"), "loss.temperature = 0\n");
        Files.writeString(overlays.resolve("odd.properties"), "loss.temprature = 0.1\nbatch.size = 1\n");

        int status = run("--table", overlays.toString());

        assertThat(status).isEqualTo(2);
        assertThat(commands.out()).isEmpty();
        assertThat(commands.err().lines())
                .hasSize(3)
                .anySatisfy(line -> assertThat(line).startsWith("losses/cold: loss.temperature = 0: must be "))
                .anySatisfy(line -> assertThat(line).startsWith("losses/odd: loss.temprature = 0.1: is not a setting"))
                .anySatisfy(line -> assertThat(line).startsWith("losses/odd: batch.size = 1: must be "));
    }

    @Test
    void aFolderWithoutConfigurationsAndAFileThatIsNotThereAreRefused() {
        Path without = folder.resolve("ratings");

        assertThat(run("--table", without + "," + folder.resolve("absent.properties")))
                .isEqualTo(2);
        assertThat(commands.err().lines())
                .containsExactly(
                        "--table = " + without + ": must hold files named *.properties",
                        "--table = " + folder.resolve("absent.properties") + ": must be a readable file or folder");
    }

    @Test
    void ofTwoSettingsFilesTheLaterOneHolds() throws IOException {
        Path one = Files.writeString(folder.resolve("one.properties"), "batch.size = 1\nexam.budget = -1\n");
        Path other = Files.writeString(folder.resolve("other.properties"), "exam.budget = 1\n");

        int status = run("--config", one.toString(), "--config", other.toString());

        assertThat(status).isEqualTo(2);
        assertThat(commands.err().lines()).singleElement().satisfies(line -> assertThat(line)
                .startsWith("batch.size = 1: must be "));
    }

    @Test
    void theHoldoutProtocolShowsTheModelAndTheBaselines() throws IOException {
        Path json = folder.resolve("holdout.json");

        int status = run("--protocol", "holdout", "--at", "5,20", "--report", json.toString());

        assertThat(status).as(commands.err()).isZero();
        JsonNode figures = new ObjectMapper().readTree(json.toFile());
        for (String row : List.of("model", "popularity", "item-knn")) {
            assertThat(commands.out()).contains("| " + row + " |");
            assertThat(figures.path(row).path("recall")).hasSize(2);
            assertThat(figures.path(row).path("precision")).hasSize(2);
        }
    }

    @Test
    void publishedEverythingFindsWhatTheModelFinds() throws IOException {
        Path json = folder.resolve("published.json");

        int status = run(
                "--protocol", "published", "--max-ages", "1,0,4", "--most-moved", "0,3", "--report", json.toString());
        assertThat(status).as(commands.err()).isZero();
        JsonNode policies = new ObjectMapper().readTree(json.toFile()).path("policies");
        Path plain = folder.resolve("plain.json");
        run("--set", "exam.popularity-weight=0", "--set", "exam.neighbours-weight=0", "--report", plain.toString());

        assertThat(policies)
                .extracting(policy -> policy.path("policy").asText())
                .containsExactly(
                        "everything",
                        "touched",
                        "touched, 3 most moved",
                        "touched, bound 4",
                        "touched, bound 4, 3 most moved");
        JsonNode model = new ObjectMapper().readTree(plain.toFile()).path("model");
        assertThat(policies.get(0).at("/ranks/at10").asDouble())
                .isEqualTo(model.path("at10").asDouble())
                .isPositive();
        assertThat(policies.get(0).path("meanCosine").asDouble()).isCloseTo(1, within(1e-6));
        assertThat(policies.get(1).path("vectorsAStep").asDouble())
                .isLessThan(policies.get(2).path("vectorsAStep").asDouble())
                .isLessThan(policies.get(3).path("vectorsAStep").asDouble());
        assertThat(policies.get(3).path("maxAge").asLong()).isLessThanOrEqualTo(4 + 1);
        assertThat(policies.get(1).path("meanCosine").asDouble())
                .isLessThan(policies.get(3).path("meanCosine").asDouble());
    }

    @Test
    void theWindowsProtocolShowsEachWindowAndTheirMean() throws IOException {
        Path log = folder.resolve("log");
        Files.createDirectory(log);
        StringBuilder rows = new StringBuilder("session,item,week\n");
        for (int session = 0; session < 90; session++) {
            for (int step = 0; step < 4; step++) {
                rows.append("s").append(session).append(",i").append((session * 7 + step) % 20);
                rows.append(",w").append(session / 30).append('\n');
            }
        }
        Files.writeString(log.resolve("log.csv"), rows);
        Files.writeString(
                log.resolve("mapping.properties"),
                """
                clicks.files = log.csv
                clicks.user = session
                clicks.window = week
                clicks.window.length = 7d
                """);
        Path json = folder.resolve("windows.json");
        Path markdown = folder.resolve("windows.md");

        int status = commands.run(
                "evaluate",
                "--format",
                "csv",
                "--data",
                log.toString(),
                "--config",
                folder.resolve("base.properties").toString(),
                "--protocol",
                "windows",
                "--report",
                json.toString(),
                "--report",
                markdown.toString());

        assertThat(status).as(commands.err()).isZero();
        JsonNode figures = new ObjectMapper().readTree(json.toFile());
        assertThat(figures.path("learnt").asLong()).isEqualTo(360);
        JsonNode windows = figures.path("windows");
        assertThat(windows).extracting(each -> each.path("window").asText()).containsExactly("w1", "w2");
        // thirty sessions of four, whose first has no history
        assertThat(windows).extracting(each -> each.path("queries").asLong()).containsExactly(90L, 90L);
        for (String row : List.of("frozen", "popularity, frozen", "online", "popularity, online")) {
            double[] recall = {
                windows.get(0).path(row).at("/R@10/mean").asDouble(),
                windows.get(1).path(row).at("/R@10/mean").asDouble()
            };
            assertThat(figures.path("mean").path(row).at("/R@10/mean").asDouble())
                    .as(row)
                    .isCloseTo((recall[0] + recall[1]) / 2, within(1e-12))
                    .isPositive();
            double[] errors = {
                windows.get(0).path(row).at("/MRR@20/standardError").asDouble(),
                windows.get(1).path(row).at("/MRR@20/standardError").asDouble()
            };
            // of the mean of two independent means
            assertThat(figures.path("mean")
                            .path(row)
                            .at("/MRR@20/standardError")
                            .asDouble())
                    .isCloseTo(Math.hypot(errors[0], errors[1]) / 2, within(1e-12))
                    .isPositive();
            assertThat(Files.readString(markdown)).contains("| " + row + " |", "| w1 | 120 | 90 | " + row + " |");
        }
    }

    @Test
    void windowsCanBeCutOutOfAnyDataSetByADuration() {
        // 1,500 ratings, one a minute: 25 hours
        assertThat(run("--protocol", "windows", "--quiet", "--set", "evaluate.windows.length=10h"))
                .as(commands.err())
                .isZero();
        assertThat(commands.out()).contains("| 1 | 600 |", "| 2 | 300 |").doesNotContain("| 0 | ", "| 3 | ");
    }

    @Test
    void theWindowsProtocolNeedsWindowsAndHasNoWarmUp() {
        assertThat(run("--protocol", "windows")).isEqualTo(2);
        assertThat(commands.err()).startsWith("windows = 0: must be 2 or more");

        assertThat(run("--protocol", "windows", "--warm-up", "0.2")).isEqualTo(2);
        assertThat(commands.err()).contains("--warm-up = given: must not be given with --protocol windows");
    }

    /** 1,500 ratings of 80 films are read, and all ratings or the first four fifths are learnt. The table has four runs over them. */
    @ParameterizedTest
    @CsvSource({
        "--protocol prequential, 1500/1500, ''",
        "--table TABLE --frozen, 6000/6000, losses/warm",
        "--protocol holdout --warm-up 0.8, 1200/1200, users searched for",
        "--protocol published, 1500/1500, ''",
        "--protocol windows --set evaluate.windows.length=10h, 1500/1500, window 2"
    })
    void atATerminalEachProtocolShowsHowMuchIsReadAndLearnt(String options, String learnt, String part)
            throws IOException {
        Path overlays = Files.createDirectory(folder.resolve("losses"));
        Files.writeString(overlays.resolve("cold.properties"), "loss.temperature = 0.05\n");
        Files.writeString(overlays.resolve("warm.properties"), "loss.temperature = 0.3\n");
        String[] given = options.replace("TABLE", overlays.toString()).split(" ");

        String shown = commands.shown(evaluate(given));

        assertThat(shown).contains(" 1580/? (").contains("learnt 100% ", " " + learnt + " (", part);
        assertThat(commands.shown(evaluate((options.replace("TABLE", overlays.toString()) + " --quiet").split(" "))))
                .isEmpty();
    }

    @Test
    void otherWeightsAreRankedInTheSamePass() throws IOException {
        Path json = folder.resolve("weights.json");

        int status = run(
                "--set",
                "tower.channels=one,other",
                "--weights",
                "one=1,other=0;popularity=2",
                "--by-action",
                "--report",
                json.toString());

        assertThat(status).as(commands.err()).isZero();
        JsonNode figures = new ObjectMapper().readTree(json.toFile());
        for (String row : List.of("model", "one=1,other=0", "popularity=2")) {
            assertThat(figures.path(row).path("at10").asDouble()).isPositive();
            assertThat(figures.at("/byAction/click").path(row).path("at10"))
                    .isEqualTo(figures.path(row).path("at10"));
        }
        assertThat(figures.path("one=1,other=0")).isNotEqualTo(figures.path("model"));
    }

    @Test
    void anOptionThatWouldChangeNothingIsRefused() {
        assertThat(run("--protocol", "holdout", "--frozen", "--by-action", "--weights", "popularity=1"))
                .isEqualTo(2);
        assertThat(commands.err().lines())
                .containsExactly(
                        "--weights = given: must not be given with --protocol holdout",
                        "--frozen = given: must not be given with --protocol holdout",
                        "--by-action = given: must not be given with --protocol holdout");
    }

    @Test
    void withoutADataSetThereIsNoEnd() {
        assertThat(commands.run("evaluate")).isEqualTo(2);
        assertThat(commands.err().lines())
                .containsExactly(
                        "--data = absent: must be given together with --format; the generated shop never ends");
    }

    @Test
    void aCutoffBelowOneIsRefused() {
        assertThat(run("--protocol", "holdout", "--at", "5,0")).isEqualTo(2);
        assertThat(commands.err().lines()).containsExactly("--at = 0: must be at least 1");
    }

    /** Six days of the tutorial's news are learnt, the seventh is the test; what cannot be used is counted. */
    @Test
    void theTutorialsNewsRunsThroughItsOwnProtocol() {
        int status = commands.run(
                "evaluate",
                "--config",
                "config/yidian.properties",
                "--data",
                "src/workshop/test/resources/replay/yidian",
                "--format",
                "yidian",
                "--protocol",
                "holdout");

        assertThat(status).as(commands.err()).isZero();
        // clicks of 7001 and 7002 on the seventh day; 900007 of the nine articles has a row that cannot be used
        assertThat(commands.out())
                .contains("6 positives to learn from, 2 in the test, of 2 users, 2 of them with something to find"
                        + " among 8 items");
        assertThat(commands.err()).contains("train_data_5w.csv:6: expo_time", "5 rows could not be used");
    }

    @Test
    void theFiguresOfEachActionStandBelowThoseOfAll() {
        assertThat(run("--by-action")).as(commands.err()).isZero();

        assertThat(commands.out().lines().filter(line -> line.endsWith("events scored")))
                .containsExactly(commands.out()
                        .lines()
                        .filter(line -> line.contains(" events scored, "))
                        .map(line -> "click: " + line.substring(0, line.indexOf(" events")) + " events scored")
                        .findFirst()
                        .orElseThrow());
    }

    /** Twenty users; what is clicked was never shown. */
    private Path actions(String unit) throws IOException {
        StringBuilder log = new StringBuilder("user,item,time,type\n");
        for (int row = 0; row < 200; row++) {
            boolean isShown = row % 2 == 0;
            log.append("u%d,%s%d,%d,%s%n"
                    .formatted(
                            row % 20,
                            isShown ? "shown" : "done",
                            row % 30,
                            1_700_000_000L + row,
                            isShown ? "view" : "click"));
        }
        Files.writeString(folder.resolve("actions.csv"), log);
        StringBuilder mapping = new StringBuilder();
        for (String section : List.of("exposures", "clicks")) {
            mapping.append("%s.files = actions.csv%n%s.time.unit = %s%n".formatted(section, section, unit))
                    .append("%s.where.type = %s%n".formatted(section, section.equals("clicks") ? "click" : "view"));
        }
        return Files.writeString(folder.resolve("mapping.properties"), mapping);
    }

    @Test
    void clicksOfWhatWasNeverShownAreNamedWithWhatMendsThem() throws IOException {
        String mapping = actions("s").toString();

        assertThat(commands.run("evaluate", "--format", "csv", "--data", mapping))
                .isEqualTo(2);
        assertThat(commands.err())
                .contains("100 of 100 clicks found no exposure", "attribution.mode = clicks-only")
                .contains("--data = given: must have clicks to learn from");
        assertThat(commands.run(
                        "evaluate", "--format", "csv", "--data", mapping, "--set", "attribution.mode=clicks-only"))
                .as(commands.err())
                .isZero();
    }

    @Test
    void actionsThatNothingIsLearntFromAndFeaturesThatNobodyReadsAreNamed() throws IOException {
        StringBuilder log = new StringBuilder("user,item,time,what,price\n");
        for (int row = 0; row < 300; row++) {
            log.append("u%d,i%d,%d,%s,%d%n"
                    .formatted(
                            row % 20, row % 30, 1_700_000_000L + row, row % 3 == 0 ? "click" : "purchase", row % 30));
        }
        Files.writeString(folder.resolve("bought.csv"), log);
        Path mapping = Files.writeString(
                folder.resolve("mapping.properties"),
                """
                clicks.files = bought.csv
                clicks.time.unit = s
                clicks.action = what
                clicks.item-feature.price = number
                """);

        assertThat(commands.run("evaluate", "--format", "csv", "--data", mapping.toString()))
                .as(commands.err())
                .isZero();
        assertThat(commands.err())
                .contains(
                        "200 of 300 clicks are of actions that nothing is learnt from: purchase. attribution.actions names",
                        "no tower reads item price: features.user and features.item name what they read");
    }

    @Test
    void aLogOfWhichNoRowCanBeUsedIsAFault() throws IOException {
        assertThat(commands.run(
                        "evaluate", "--format", "csv", "--data", actions("us").toString()))
                .isEqualTo(2);
        assertThat(commands.err()).contains("200 rows could not be used", "must have clicks to learn from");
    }

    @Test
    void aLogWithoutAnEventToRankIsAFault() throws IOException {
        Files.writeString(folder.resolve("once.csv"), "user,item,time\na,x,1700000000000\nb,y,1700000001000\n");
        Path mapping = Files.writeString(folder.resolve("mapping.properties"), "clicks.files = once.csv\n");

        assertThat(commands.run("evaluate", "--format", "csv", "--data", mapping.toString()))
                .isEqualTo(2);
        assertThat(commands.err()).contains("--data = given: must have events to rank");
    }

    @Test
    void aFeatureThatTheMappingDoesNotHaveIsAFault() throws IOException {
        assertThat(commands.run(
                        "evaluate",
                        "--format",
                        "csv",
                        "--data",
                        actions("s").toString(),
                        "--set",
                        "features.item=item,titel"))
                .isEqualTo(2);
        assertThat(commands.err())
                .contains(
                        "features.item = titel: must be a feature of source item that the mapping gives, which are none");
    }

    @BeforeEach
    void writeRatings() throws IOException {
        MadeUpRatings.write(folder);
        Files.writeString(
                folder.resolve("base.properties"),
                """
                batch.size = 32
                batch.negatives = 16
                tower.dim = 8
                """);
    }

    private int run(String... arguments) {
        return commands.run(evaluate(arguments));
    }

    private String[] evaluate(String... arguments) {
        List<String> all = new ArrayList<>(List.of("evaluate", "--format", "movielens"));
        all.addAll(List.of("--data", folder.resolve(MadeUpRatings.FOLDER).toString()));
        all.addAll(List.of("--config", folder.resolve("base.properties").toString()));
        all.addAll(List.of(arguments));
        return all.toArray(String[]::new);
    }
}
