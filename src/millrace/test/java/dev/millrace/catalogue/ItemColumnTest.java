package dev.millrace.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.PrefixedKey;
import dev.millrace.state.Utf8;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class ItemColumnTest {

    private static final int ITEMS = 40;

    private final Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);

    /** Over removals, items that come back, and restarts whose entries come in any order. */
    @Property(tries = 50)
    void aRowStaysWithItsItem(@ForAll Random random) {
        stored.clear();
        Catalogue catalogue = new Catalogue('C');
        Notes notes = new Notes(catalogue);
        Map<String, String> expected = new TreeMap<>();

        for (int change = 0; change < 400; change++) {
            String item = "i" + random.nextInt(ITEMS);
            switch (random.nextInt(8)) {
                case 0, 1 -> {
                    Catalogues.remove(catalogue, item);
                    expected.remove(item);
                }
                case 2, 3 -> Catalogues.list(catalogue, item);
                default -> {
                    notes.put(Catalogues.list(catalogue, item), "at " + change);
                    expected.put(item, "at " + change);
                }
            }
            if (random.nextInt(20) == 0) {
                drain(catalogue);
                drain(notes);
                assertThat(storedNotes()).isEqualTo(expected);
            }
            if (random.nextInt(50) == 0) {
                drain(catalogue);
                drain(notes);
                catalogue = new Catalogue('C');
                notes = new Notes(catalogue);
                restore(catalogue, notes, random);
            }
            assertThat(rows(catalogue, notes)).isEqualTo(expected);
        }
    }

    @Example
    void nothingIsKeptUnderNoNumber() {
        Notes notes = new Notes(Catalogues.of("a"));

        assertThat(notes.row(Catalogue.NO_NUMBER)).isNull();
        assertThat(notes.row(0)).isNull();
        assertThat(notes.row(1_000)).isNull();
    }

    private void drain(Durable state) {
        TreeSet<byte[]> keys = new TreeSet<>(Arrays::compareUnsigned);
        state.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                assertThat(keys.add(key)).isTrue();
                stored.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                assertThat(keys.add(key)).isTrue();
                stored.remove(key);
            }
        });
    }

    private void restore(Catalogue catalogue, Notes notes, Random random) {
        List<Map.Entry<byte[], byte[]>> entries = new ArrayList<>(stored.entrySet());
        Collections.shuffle(entries, random);
        for (Map.Entry<byte[], byte[]> entry : entries) {
            (entry.getKey()[0] == 'C' ? catalogue : notes).restore(entry.getKey(), entry.getValue());
        }
    }

    private Map<String, String> storedNotes() {
        Map<String, String> found = new TreeMap<>();
        stored.forEach((key, value) -> {
            if (key[0] == 'n') {
                found.put(PrefixedKey.text(key), Utf8.text(value));
            }
        });
        return found;
    }

    private static Map<String, String> rows(Catalogue catalogue, Notes notes) {
        Map<String, String> found = new TreeMap<>();
        notes.numbers()
                .forEach(number -> found.put(
                        catalogue.itemAt(number),
                        Optional.ofNullable(notes.row(number)).orElseThrow()));
        return found;
    }

    private static final class Notes extends ItemColumn<String> {

        Notes(Catalogue catalogue) {
            super(catalogue, (byte) 'n');
        }

        @Override
        protected String read(byte[] value) {
            return Utf8.text(value);
        }

        @Override
        protected byte[] write(String row) {
            return Utf8.bytes(row);
        }
    }
}
