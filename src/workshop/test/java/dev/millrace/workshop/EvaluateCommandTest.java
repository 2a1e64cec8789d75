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
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        assertThat(commands.out()).endsWith(Files.readString(markdown));
        JsonNode rows = read(json).path("rows");
        assertThat(rows)
                .extracting(row -> row.path("ranking").asText())
                .containsExactly(
                        "default",
                        "popularity",
                        "item-knn",
                        "default, frozen after the warm-up",
                        "losses/cold",
                        "losses/warm")
                .allSatisfy(name -> assertThat(commands.out()).contains("| " + name + " "));
        assertThat(rows.get(0).path("examplesPerSecond").asLong()).isPositive();
        assertThat(rows)
                .extracting(row -> row.path("scored").asLong())
                .containsOnly(rows.get(0).path("scored").asLong());
        assertThat(rows.get(4).path("R@10")).isNotEqualTo(rows.get(5).path("R@10"));
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

        assertThat(new ObjectMapper().readTree(commands.out())).isEqualTo(read(plain));
        // the overlay says what holds anyhow
        for (String[] same : new String[][] {
            {"default", "model"},
            {"popularity", "popularity"},
            {"item-knn", "item-knn"},
            {folder.getFileName() + "/same", "model"}
        }) {
            for (String figure : List.of("R@10", "R@100", "NDCG@10")) {
                assertThat(row(table, same[0]).path(figure))
                        .isEqualTo(row(plain, same[1]).path(figure));
            }
        }
    }

    @Test
    void agesHaveRowsAndPartsOfThem() throws IOException {
        Path json = folder.resolve("stale.json");

        // a rating is a minute after the one before: the second half is twelve hours and a half
        int status = run("--staleness", "0,1h,6h", "--report", json.toString());

        assertThat(status).as(commands.err()).isZero();
        JsonNode stale = read(json).path("staleness");
        assertThat(stale)
                .extracting(row -> row.path("ranking").asText())
                .containsExactly(
                        "model",
                        "popularity",
                        "model, 1h old",
                        "popularity, 1h old",
                        "model, 6h old",
                        "popularity, 6h old")
                .allSatisfy(name -> assertThat(commands.out()).contains("| " + name + " "));
        assertThat(stale.get(4).path("hoursBehind").asDouble()).isBetween(6.0, 9.0);
        long users = StreamSupport.stream(read(json).path("retention").spliterator(), false)
                .filter(row -> row.path("last click of").asText().equals("user")
                        && row.path("ranking").asText().equals("model, 1h old"))
                .mapToLong(row -> row.path("scored").asLong())
                .sum();
        assertThat(users).isEqualTo(stale.get(0).path("scored").asLong()).isPositive();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "--staleness 1x; --staleness = 1x: must be a duration up to 3650d, such as 1h",
                "--staleness 4000d; --staleness = 4000d: must be a duration up to 3650d",
                "--staleness 1h --learn-every 64; --staleness = given: must not be given with --learn-every",
                "--staleness 1h --protocol holdout; --staleness = given: must not be given with --protocol holdout",
                "--staleness 30d; --staleness = 30d: must be shorter: no event is so long after a click"
            })
    void agesThatCannotBeAskedAreRefused(String options, String fault) {
        assertThat(run(options.split(" ", -1))).isEqualTo(2);

        assertThat(commands.err()).contains(fault);
    }

    @Test
    void everyFaultIsReportedBeforeAnythingRuns() throws IOException {
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
    void missingConfigurationsAreRefused() {
        Path without = folder.resolve("ratings");
        Path absent = folder.resolve("absent.properties");

        assertThat(run("--table", without + "," + absent)).isEqualTo(2);
        assertThat(commands.err()).contains("--table = " + without + ": ", "--table = " + absent + ": ");
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
        for (String ranking : List.of("model", "popularity", "item-knn")) {
            assertThat(commands.out()).contains("| " + ranking + " ");
            assertThat(row(json, ranking).fieldNames())
                    .toIterable()
                    .containsExactly("ranking", "recall@5", "recall@20", "precision@5", "precision@20");
        }
    }

    @Test
    void publishedEverythingFindsWhatTheModelFinds() throws IOException {
        Path json = folder.resolve("published.json");

        int status = run(
                "--protocol", "published", "--max-ages", "1,0,4", "--most-moved", "0,3", "--report", json.toString());
        assertThat(status).as(commands.err()).isZero();
        JsonNode policies = read(json).path("rows");
        Path plain = folder.resolve("plain.json");
        run("--set", "exam.popularity-weight=0", "--set", "exam.neighbours-weight=0", "--report", plain.toString());

        assertThat(policies)
                .extracting(policy -> policy.path("published").asText())
                .containsExactly(
                        "everything",
                        "touched",
                        "touched, 3 most moved",
                        "touched, bound 4",
                        "touched, bound 4, 3 most moved");
        assertThat(policies.get(0).at("/R@10/mean").asDouble())
                .isEqualTo(row(plain, "model").at("/R@10/mean").asDouble())
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

        int status = csv(
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
        JsonNode figures = read(json);
        assertThat(figures.path("learnt").asLong()).isEqualTo(360);
        JsonNode windows = figures.path("windows");
        assertThat(windows)
                .extracting(each -> each.path("window").asText())
                .containsExactly("w1", "w1", "w1", "w1", "w2", "w2", "w2", "w2");
        // thirty sessions of four, whose first has no history
        assertThat(windows)
                .allSatisfy(each -> assertThat(each.path("queries").asLong()).isEqualTo(90));
        for (JsonNode mean : figures.path("means")) {
            assertThat(mean.at("/R@10/mean").asDouble()).isPositive();
            assertThat(Files.readString(markdown))
                    .contains("| " + mean.path("mean over windows").asText() + " ");
        }
        assertThat(figures.path("means")).hasSize(4);
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

    @ParameterizedTest
    @ValueSource(strings = {"shop", "news"})
    void theGeneratedShopIsReadUpToANumberOfEvents(String kind) throws IOException {
        Path json = folder.resolve("generated.json");

        int status = commands.run(
                "evaluate",
                "--events",
                "6000",
                "--config",
                folder.resolve("base.properties").toString(),
                "--set",
                "shop.kind=" + kind,
                "--set",
                "shop.new-items-per-day=3",
                "--set",
                "shop.users=50",
                "--report",
                json.toString());

        assertThat(status).as(commands.err()).isZero();
        long interactions = Pattern.compile("(?m)^(?:clicks|exposures) +([0-9,]+) received")
                .matcher(commands.out() + commands.err())
                .results()
                .mapToLong(found -> Long.parseLong(found.group(1).replace(",", "")))
                .sum();
        assertThat(interactions).isEqualTo(6_000);
        assertThat(row(json, "model").path("scored").asLong()).isPositive();
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
        for (String ranking : List.of("model", "model, one=1,other=0", "model, popularity=2")) {
            List<JsonNode> rows = rows(json, ranking);
            assertThat(rows).extracting(row -> row.path("part").asText()).containsExactly("all", "click");
            assertThat(rows.get(0).at("/R@10/mean").asDouble()).isPositive();
            assertThat(rows.get(1).path("R@10")).isEqualTo(rows.get(0).path("R@10"));
        }
        assertThat(row(json, "model, one=1,other=0").path("R@10"))
                .isNotEqualTo(row(json, "model").path("R@10"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--protocol holdout --frozen --by-action | --by-action = given: must not be given with --protocol"
                        + " holdout",
                "--protocol published --weights popularity=1 | --weights = given: must not be given with",
                "--protocol windows --warm-up 0.2 | --warm-up = given: must not be given with --protocol windows",
                "--protocol windows | windows = 0: must be 2 or more",
                "--protocol holdout --max-ages 1 | --max-ages = given: must not be given with --protocol holdout",
                "--protocol holdout --at 5,0 | --at = 0: must be at least 1",
            })
    void anOptionThatCannotBeUsedIsAFault(String options, String fault) {
        assertThat(run(options.split(" ", -1))).isEqualTo(2);
        assertThat(commands.err()).contains(fault);
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
                .contains(
                        "- trainPositives: 6",
                        "- testPositives: 2",
                        "- testUsers: 2",
                        "- usersWithSomethingToFind: 2",
                        "- items: 8");
        assertThat(commands.err()).contains("train_data_5w.csv:6: expo_time", "5 rows could not be used");
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

        assertThat(csv(mapping)).isEqualTo(2);
        assertThat(commands.err())
                .contains("100 of 100 clicks found no exposure", "attribution.mode = clicks-only")
                .contains("--data = given: must have clicks to learn from");
        assertThat(csv(mapping, "--set", "attribution.mode=clicks-only"))
                .as(commands.err())
                .isZero();
    }

    @Test
    void unusedActionsAndFeaturesAreNamed() throws IOException {
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

        assertThat(csv(mapping.toString())).as(commands.err()).isZero();
        assertThat(commands.err())
                .contains(
                        "200 of 300 clicks have actions that are not learnt: purchase. attribution.actions names",
                        "no tower reads item price: ");
    }

    @Test
    void aLogOfWhichNoRowCanBeUsedIsAFault() throws IOException {
        assertThat(csv(actions("us").toString())).isEqualTo(2);
        assertThat(commands.err()).contains("200 rows could not be used", "must have clicks to learn from");
    }

    @Test
    void aLogWithoutAnEventToRankIsAFault() throws IOException {
        Files.writeString(folder.resolve("once.csv"), "user,item,time\na,x,1700000000000\nb,y,1700000001000\n");
        Path mapping = Files.writeString(folder.resolve("mapping.properties"), "clicks.files = once.csv\n");

        assertThat(csv(mapping.toString())).isEqualTo(2);
        assertThat(commands.err()).contains("--data = given: must have events to rank");
    }

    @Test
    void aFeatureThatTheMappingDoesNotHaveIsAFault() throws IOException {
        assertThat(csv(actions("s").toString(), "--set", "features.item=item,titel"))
                .isEqualTo(2);
        assertThat(commands.err())
                .contains("features.item = titel: must be a feature of source item that the mapping gives, which are"
                        + " none");
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

    private static JsonNode read(Path json) throws IOException {
        return new ObjectMapper().readTree(json.toFile());
    }

    /** The first row of a ranking. */
    private static JsonNode row(Path json, String ranking) throws IOException {
        return rows(json, ranking).get(0);
    }

    private static List<JsonNode> rows(Path json, String ranking) throws IOException {
        return StreamSupport.stream(read(json).path("rows").spliterator(), false)
                .filter(row -> row.path("ranking").asText().equals(ranking))
                .toList();
    }

    private int csv(String... arguments) {
        List<String> all = new ArrayList<>(List.of("evaluate", "--format", "csv", "--data"));
        all.addAll(List.of(arguments));
        return commands.run(all.toArray(String[]::new));
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
