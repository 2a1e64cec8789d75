package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SelectedRowsTest {

    private static final int ROWS = 50;
    private static final List<String> ATTRIBUTES = List.of("shop", "price", "tags");

    @Property(tries = 200)
    void findsTheRowsWhoseAttributesPassThroughAnyChanges(
            @ForAll long seed, @ForAll @IntRange(max = 3) int chunks, @ForAll @IntRange(max = 400) int changes) {
        Random random = new Random(seed);
        AttributeColumns.Names names = new AttributeColumns.Names();
        List<AttributeColumns> columns = new ArrayList<>();
        List<Features[]> attributes = new ArrayList<>();
        for (int chunk = 0; chunk <= chunks; chunk++) {
            columns.add(new AttributeColumns(names, ROWS));
            Features[] none = new Features[ROWS];
            Arrays.fill(none, Features.NONE);
            attributes.add(none);
        }

        for (int change = 0; change < changes; change++) {
            int chunk = random.nextInt(columns.size());
            int row = random.nextInt(ROWS);
            Features now = features(random);
            columns.get(chunk).replace(row, attributes.get(chunk)[row], now);
            attributes.get(chunk)[row] = now;
        }

        ItemFilter filter = filter(random);
        boolean isOfNewcomers = random.nextBoolean();
        SelectedRows selected = new SelectedRows(filter, isOfNewcomers, names, ROWS);
        for (int chunk = 0; chunk < columns.size(); chunk++) {
            Features[] ofChunk = attributes.get(chunk);
            byte[] clicks = new byte[ROWS];
            for (int row = 0; row < ROWS; row++) {
                clicks[row] = (byte) random.nextInt(31);
            }
            int[] expected = IntStream.range(0, ROWS)
                    .filter(row -> filter.passes(ofChunk[row]) && (!isOfNewcomers || clicks[row] < 10))
                    .toArray();

            selected.selectPassing(columns.get(chunk), ofChunk, clicks, ROWS);

            assertThat(rows(selected)).as("rows of chunk %d", chunk).isEqualTo(expected);

            float[] bounds = new float[ROWS];
            for (int row = 0; row < ROWS; row++) {
                bounds[row] = random.nextInt(10) == 0 ? Float.NaN : random.nextInt(5);
            }
            selected.selectFrom(2, bounds, ROWS);
            selected.keepPassing(columns.get(chunk), ofChunk, clicks);

            assertThat(rows(selected))
                    .as("rows of chunk %d that score well", chunk)
                    .isEqualTo(Arrays.stream(expected)
                            .filter(row -> !(bounds[row] < 2))
                            .toArray());
        }
    }

    /** There are numbers for 65,533 values. */
    @Test
    void valuesBeyondTheNumbersAreAskedOneByOne() {
        int rows = 70_000;
        AttributeColumns.Names names = new AttributeColumns.Names();
        AttributeColumns columns = new AttributeColumns(names, rows);
        Features[] attributes = new Features[rows];
        for (int row = 0; row < rows; row++) {
            attributes[row] = shop("s" + row);
            columns.replace(row, Features.NONE, attributes[row]);
        }
        SelectedRows selected = new SelectedRows(anyOf("shop", "s0", "s65532", "s65533", "s69999"), false, names, rows);

        selected.selectPassing(columns, attributes, new byte[rows], rows);

        assertThat(rows(selected)).containsExactly(0, 65_532, 65_533, 69_999);
    }

    @Test
    void theNumberOfAValueThatNoItemHasGoesToAnother() {
        AttributeValues values = new AttributeValues(0);
        char first = values.take(new FeatureValue.Category("a"));
        values.take(new FeatureValue.Category("a"));
        char second = values.take(new FeatureValue.Category("b"));

        values.release(first);
        char third = values.take(new FeatureValue.Category("c"));
        values.release(first);
        char fourth = values.take(new FeatureValue.Category("d"));

        assertThat(new char[] {second, third}).doesNotContain(first);
        assertThat(fourth).isEqualTo(first);
        assertThat(values.value(fourth)).isEqualTo(new FeatureValue.Category("d"));
    }

    @Test
    void aNumberAsTextHoldsForTheQuantityThatItSays() {
        ItemFilter filter = anyOf("price", "12", "0.5", "1e3", "cheap");

        assertThat(filter.passes(price(12))).isTrue();
        assertThat(filter.passes(price(0.5))).isTrue();
        assertThat(filter.passes(price(1000))).isFalse(); // whose text is 1000
        assertThat(filter.passes(price(1))).isFalse();
    }

    private static int[] rows(SelectedRows selected) {
        return IntStream.range(0, selected.count()).map(selected::row).toArray();
    }

    private static Features features(Random random) {
        Map<String, FeatureValue> values = new HashMap<>();
        for (String attribute : ATTRIBUTES) {
            int value = random.nextInt(6);
            switch (random.nextInt(5)) {
                case 0 -> values.put(attribute, new FeatureValue.Category(Integer.toString(value)));
                case 1 -> values.put(attribute, new FeatureValue.Quantity(value / 2.0));
                case 2 ->
                    values.put(
                            attribute,
                            new FeatureValue.Bag(List.of(Integer.toString(value), Integer.toString(value / 2))));
                case 3 -> values.put(attribute, new FeatureValue.Dense(List.of(1f)));
                default -> {
                    // without this attribute
                }
            }
        }
        return Features.of(values);
    }

    private static ItemFilter filter(Random random) {
        List<ItemFilter.Condition> conditions = new ArrayList<>();
        for (int at = random.nextInt(3); at >= 0; at--) {
            String attribute = random.nextInt(10) == 0 ? "unknown" : ATTRIBUTES.get(random.nextInt(3));
            conditions.add(
                    random.nextBoolean()
                            ? new ItemFilter.Between(attribute, random.nextInt(3), random.nextInt(3))
                            : new ItemFilter.AnyOf(attribute, Set.of(Integer.toString(random.nextInt(3)), "a", "1.5")));
        }
        return new ItemFilter(conditions);
    }

    private static ItemFilter anyOf(String attribute, String... values) {
        return new ItemFilter(List.of(new ItemFilter.AnyOf(attribute, Set.of(values))));
    }

    private static Features shop(String name) {
        return Features.of(Map.of("shop", new FeatureValue.Category(name)));
    }

    private static Features price(double price) {
        return Features.of(Map.of("price", new FeatureValue.Quantity(price)));
    }
}
