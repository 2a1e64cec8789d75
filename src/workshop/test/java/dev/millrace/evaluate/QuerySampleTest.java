package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QuerySampleTest {

    @Test
    void ofEachRowOfStretchesOneIsDrawn() {
        QuerySample sample = QuerySample.of(400, 1_000, 10, 1);

        List<Integer> stretches = drawn(sample, 1_000);

        // two of every five stretches of ten places: the first of stretches 0 to 2, the second of 3 and 4, and so on
        assertThat(stretches).hasSize(40);
        for (int row = 0; row < 40; row++) {
            int first = (row * 5 + 1) / 2;
            int next = ((row + 1) * 5 + 1) / 2;
            assertThat(stretches.get(row)).isBetween(first, next - 1);
        }
        assertThat(drawn(QuerySample.of(400, 1_000, 10, 2), 1_000)).isNotEqualTo(stretches);
    }

    @Test
    void aStretchIsDrawnWholeAndASmallLogIsToo() {
        QuerySample sample = QuerySample.of(100, 1_000, 10, 1);

        for (int place = 0; place < 1_000; place++) {
            assertThat(sample.has(place)).isEqualTo(sample.has(place / 10 * 10));
            assertThat(QuerySample.of(1_000, 1_000, 10, 1).has(place)).isTrue();
        }
    }

    private static List<Integer> drawn(QuerySample sample, int places) {
        return IntStream.range(0, places / sample.length())
                .filter(stretch -> sample.has(stretch * sample.length()))
                .boxed()
                .toList();
    }
}
