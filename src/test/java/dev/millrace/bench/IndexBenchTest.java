package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.batch.PriorWeights;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class IndexBenchTest {

    @Test
    void everyRowHasTheBestItems() {
        StringWriter printed = new StringWriter();

        new IndexBench(new PrintWriter(printed)).run(List.of(2_000, 3_000), 8, 10, 40, 2);

        assertThat(printed.toString().lines().filter(line -> line.startsWith("| ") && !line.startsWith("| search")))
                .hasSize(2 * 7)
                .allMatch(line -> line.endsWith("| 1.0000 |"));
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
