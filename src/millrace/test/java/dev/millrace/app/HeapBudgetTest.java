package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.LargestRecords;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HeapBudgetTest {

    private static final long LAUNCHERS_HEAP = 2L << 30; // bin/millrace: -Xmx2g

    @Test
    void defaultsFitTheLaunchersHeap() {
        HeapBudget budget = budget(Map.of());

        assertThat(budget.usual()).isLessThan(LAUNCHERS_HEAP);
        assertThatCode(() -> budget.check(LAUNCHERS_HEAP)).doesNotThrowAnyException();
    }

    @Test
    void tablesCountFloatsSlotsAndKeys() {
        // two tables of 1,000 rows of 8 floats, under Adam with 17 slots: 100 bytes; beside 166 + 48 for index, touch
        // and
        // text; keys of 16 or 512 bytes
        HeapBudget.Part part = budget(Map.of(
                        "table.max-rows", "1000",
                        "tower.dim", "8",
                        "features.user", "user",
                        "features.item", "item",
                        "optimiser.rows.kind", "adam"))
                .parts()
                .get(0);

        assertThat(part.usual()).isEqualTo(2 * (1000 * (100 + 214 + 16) + (1 << 20)));
        assertThat(part.most()).isEqualTo(2 * (1000 * (100 + 214 + 512) + (1 << 20)));
    }

    @Test
    void tablesLargerThanTheCacheTakeNoMoreThanTheCache() {
        HeapBudget.Part part = budget(Map.of("table.max-rows", "100000000", "table.cache-bytes", "5000000"))
                .parts()
                .get(0);

        assertThat(part.usual()).isEqualTo(5_000_000 + 2 * (1 << 20));
    }

    @Test
    void settingsManyTimesBeyondTheHeapAreRefused() {
        HeapBudget budget = budget(Map.of("table.max-rows", "100000000", "table.cache-bytes", "100000000000"));

        assertThatThrownBy(() -> budget.check(LAUNCHERS_HEAP))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("table.cache-bytes, catalogue.max-unannounced, rehearsal.batches = together ")
                .hasMessageContaining("must be at most 10 times the heap of 2048 MiB");
    }

    @Test
    void settingsTenTimesBeyondTheHeapAreOnlyWarnedOf() {
        HeapBudget budget = budget(Map.of());

        assertThatCode(() -> budget.check(budget.usual() / 10)).doesNotThrowAnyException();
        assertThatThrownBy(() -> budget.check(budget.usual() / 10 - 1)).isInstanceOf(InvalidSettingsException.class);
    }

    @Test
    void unannouncedItemsCountVectorsAndKeys() {
        // 1,000 items of 560 bytes, 48 of a text and 8 floats; keys of 16 or 512 bytes
        HeapBudget.Part part =
                part("1000 unannounced items", Map.of("catalogue.max-unannounced", "1000", "tower.dim", "8"));

        assertThat(part.usual()).isEqualTo(1000 * (560 + 48 + 32 + 16));
        assertThat(part.most()).isEqualTo(1000 * (560 + 48 + 32 + 512));
    }

    @Test
    void aMiniBatchCountsFourTimesItsRecord() {
        Map<String, String> given = Map.of("batch.max-bytes", "1000000");

        HeapBudget.Part part = part("a mini-batch", given);

        assertThat(part.usual()).isEqualTo(4 * 1_000_000);
        assertThat(part.most())
                .isEqualTo(4 * LargestRecords.read(new SettingsReader(given)).miniBatch());
    }

    @Test
    void whatMayBeRehearsedCountsAnExampleOfEachPlaceOfTheLastBatches() {
        Map<String, String> given = Map.of("batch.size", "100", "rehearsal.batches", "50", "rehearsal.examples", "1");

        assertThat(part("examples of the last 50 batches", given).usual()).isEqualTo(50 * 100 * 1024);
        assertThat(budget(Map.of()).parts()).noneMatch(part -> part.name().contains("rehearsal"));
    }

    private static HeapBudget.Part part(String name, Map<String, String> given) {
        return budget(given).parts().stream()
                .filter(part -> part.name().startsWith(name))
                .findFirst()
                .orElseThrow();
    }

    private static HeapBudget budget(Map<String, String> given) {
        return HeapBudget.of(MillraceSettings.load(List.of(), Map.of(), Map.of(), given));
    }
}
