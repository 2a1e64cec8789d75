package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeapBudgetTest {

    private static final long LAUNCHERS_HEAP = 2L << 30; // bin/millrace: -Xmx2g

    @Test
    void defaultsFitTheLaunchersHeap() {
        HeapBudget budget = budget(Map.of());

        assertThat(budget.usual()).isLessThan(LAUNCHERS_HEAP);
        assertThatCode(() -> budget.check(LAUNCHERS_HEAP)).doesNotThrowAnyException();
    }

    /**
     * Two tables of 1,000 rows of 8 floats, under Adam with 17 slots: 100 bytes; beside 166 + 48 for index, touch and text; keys of 16
     * bytes; under Adagrad, with 9 slots, 36 bytes. Items of 560 bytes, 48 of a text and 8 floats. A mini-batch counts four times its bytes, a rehearsed example 1,024.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "embedding rows | table.max-rows=1000 optimiser.rows.kind=adam | 2757152",
                "embedding rows | table.max-rows=1000 | 2629152",
                "embedding rows | table.max-rows=100000000 table.cache-bytes=5000000 | 7097152",
                "1000 unannounced items | catalogue.max-unannounced=1000 | 656000",
                "a mini-batch | batch.max-bytes=1000000 | 4000000",
                "examples of the last 50 batches | batch.size=100 batch.max-size=0 rehearsal.batches=50 rehearsal.examples=1 | 5120000"
                        + " | ''"
            })
    void eachPartCountsWhatItsSettingsBound(String name, String settings, long bytes) {
        Map<String, String> given =
                new HashMap<>(Map.of("tower.dim", "8", "features.user", "user", "features.item", "item"));
        Stream.of(settings.split(" ", -1)).map(each -> each.split("=", 2)).forEach(each -> given.put(each[0], each[1]));

        HeapBudget.Part part = budget(given).parts().stream()
                .filter(each -> each.name().startsWith(name))
                .findFirst()
                .orElseThrow();

        assertThat(part.bytes()).isEqualTo(bytes);
    }

    @Test
    void settingsMoreThanTenTimesBeyondTheHeapAreRefused() {
        HeapBudget budget = budget(Map.of());

        assertThatCode(() -> budget.check(budget.usual() / 10)).doesNotThrowAnyException();
        assertThatThrownBy(() -> budget.check(budget.usual() / 10 - 1))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("table.cache-bytes, catalogue.max-unannounced, rehearsal.batches = together ");
    }

    private static HeapBudget budget(Map<String, String> given) {
        return HeapBudget.of(MillraceSettings.load(List.of(), Map.of(), Map.of(), given));
    }
}
