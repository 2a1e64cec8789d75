package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.batch.PriorWeights;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class IndexBenchTest {

    @Test
    void everyRowHasTheBestItemsAndIsToldToPeopleAndToPrograms() {
        ToldReport told = new ToldReport();

        new IndexBench(told.report()).run(List.of(2_000, 3_000), 8, 10, 40, 2);

        List<String> lines = told.lines()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| search"))
                .toList();
        assertThat(lines).hasSize(2 * 7).allMatch(line -> line.endsWith("| 1.0000 |"));
        JsonNode found = told.found();
        assertThat(found.path("searches")).hasSize(2 * 7);
        for (int row = 0; row < 2 * 7; row++) {
            JsonNode search = found.path("searches").path(row);
            JsonNode updates = search.path("updatesPerSecond");
            assertThat(search.path("items").asInt()).isEqualTo(row < 7 ? 2_000 : 3_000);
            assertThat(search.path("recall").isNumber()).isTrue();
            assertThat(lines.get(row))
                    .isEqualTo(String.format(
                            Locale.ROOT,
                            "| %s | %s | %s | %s | %s | %.4f |",
                            search.path("search").asText(),
                            spread("%.2f", search.path("p50Millis")),
                            spread("%.2f", search.path("p99Millis")),
                            spread("%.0f", search.path("searchesPerSecond")),
                            updates.isMissingNode() ? noSpread(lines.get(row)) : spread("%.0f", updates),
                            search.path("recall").asDouble()));
        }
        assertThat(told.lines().filter(line -> line.startsWith("to replace")).toList())
                .isEqualTo(ToldReport.rows(found.path("indexes"))
                        .map(index -> "to replace a vector: " + spread("%.2f", index.path("replaceMicros")) + " µs")
                        .toList());
        assertThat(told.reached())
                .startsWith("2,000 items 0 of 14")
                .endsWith("3,000 items 13 of 14", "3,000 items 14 of 14");
    }

    /** Updates of a line whose row has none: none were asked for, or a round was over before the first. */
    private static String noSpread(String line) {
        String updates = line.split(" \\| ", -1)[4];
        assertThat(updates).matches("|.*NaN.*");
        return updates;
    }

    private static String spread(String format, JsonNode spread) {
        return new Spread(
                        spread.path("median").asDouble(),
                        spread.path("least").asDouble(),
                        spread.path("most").asDouble())
                .text(format);
    }

    @Test
    void anAnswerWithoutTheBestItemIsTold() {
        DrawnItems items = new DrawnItems(500, 4, 1);
        float[] query = items.query();
        Search search = new Search(query, 10, item -> false, ItemFilter.NONE, PriorWeights.NONE);
        List<ScoredItem> all = IntStream.range(0, 500)
                .mapToObj(item -> new ScoredItem(Integer.toString(item), (float) IntStream.range(0, 4)
                        .mapToDouble(
                                d -> query[d] * items.embedding(item).vector().orElseThrow()[d])
                        .sum()))
                .sorted(Comparator.comparing(ScoredItem::score).reversed())
                .toList();

        assertThat(items.recall(search, all.subList(0, 10))).isEqualTo(1);
        assertThat(items.recall(search, all.subList(1, 11))).isEqualTo(0.9);
    }
}
