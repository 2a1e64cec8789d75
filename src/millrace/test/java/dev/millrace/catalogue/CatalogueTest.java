package dev.millrace.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.PrefixedKey;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CatalogueTest {

    private static final byte PREFIX = 'C';
    private static final long TIME = 1_767_225_600_000L;

    private final Catalogue catalogue = new Catalogue((char) PREFIX);

    @Test
    void entriesAreRestoredInAnyOrder() {
        IntStream.range(0, 50)
                .forEach(number -> catalogue.apply(
                        new CatalogueChange.Upsert(new CatalogueItem("i" + number, TIME, Features.NONE))));
        NavigableMap<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned); // by id: i0, i1, i10, ..
        catalogue.drainDirty(EntrySink.into(stored));
        Catalogue restored = new Catalogue((char) PREFIX);

        stored.forEach(restored::restore);

        assertThat(IntStream.range(0, restored.size()).mapToObj(restored::itemAt))
                .isEqualTo(
                        IntStream.range(0, 50).mapToObj(number -> "i" + number).toList());
    }

    @Test
    void theLastItemTakesARemovedItemsNumber() {
        List<CatalogueItem> items = IntStream.range(0, 20)
                .mapToObj(number -> new CatalogueItem(
                        "i" + number, TIME + number, Features.of(Map.of("price", new FeatureValue.Quantity(number)))))
                .toList();
        items.forEach(item -> catalogue.apply(new CatalogueChange.Upsert(item)));

        catalogue.apply(new CatalogueChange.Removal("i3", TIME));
        catalogue.apply(new CatalogueChange.Removal("i18", TIME));

        assertThat(catalogue.itemAt(3)).isEqualTo("i19");
        assertThat(catalogue.size()).isEqualTo(18);
        for (int number = 0; number < catalogue.size(); number++) {
            String id = catalogue.itemAt(number);
            assertThat(catalogue.number(id)).hasValue(number);
            assertThat(catalogue.item(number)).isEqualTo(items.get(Integer.parseInt(id.substring(1))));
        }
        assertThat(catalogue.number("i3")).isEmpty();
    }

    @Test
    void whoKeepsAnIdGetsTheCataloguesOwnCopy() {
        catalogue.apply(
                new CatalogueChange.Upsert(new CatalogueItem(new String("a".toCharArray()), TIME, Features.NONE)));
        String own = catalogue.itemAt(0);

        catalogue.apply(
                new CatalogueChange.Upsert(new CatalogueItem(new String("a".toCharArray()), TIME + 1, Features.NONE)));

        assertThat(catalogue.ownId(new String("a".toCharArray()))).isSameAs(own).isSameAs(catalogue.itemAt(0));
        assertThat(catalogue.ownId("b")).isEqualTo("b");
    }

    @Test
    void aNumberBehindAGapTakesNoRoom() {
        restore("a", 0);
        restore("far", Integer.MAX_VALUE);

        assertThat(catalogue.size()).isEqualTo(1);
        assertThat(catalogue.contains("far")).isFalse();
    }

    @Test
    void twoItemsHaveNotOneNumber() {
        restore("a", 0);

        assertThatThrownBy(() -> restore("b", 0))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessage("item b has number 0, which another has");
    }

    private void restore(String item, int number) {
        catalogue.restore(
                PrefixedKey.of(PREFIX, item),
                new Fields()
                        .integer(number)
                        .longInteger(TIME)
                        .integer(0) // features
                        .framed());
    }
}
