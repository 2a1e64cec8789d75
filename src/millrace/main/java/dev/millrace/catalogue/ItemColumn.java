package dev.millrace.catalogue;

import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.PrefixedKey;
import dev.millrace.state.Utf8;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a state keeps of items, a row for each, under the item's number in the catalogue. One thread.
 *
 * <p>It follows the catalogue: with an item its row goes, and the row of the last item takes the number. Nothing can be
 * kept of an item that is not in the catalogue; a restored row waits for its item. Each row is an entry under a prefix
 * and the item's id.
 *
 * @param <R> a row
 */
public abstract class ItemColumn<R> implements Durable {

    private final Catalogue catalogue;
    private final byte[] prefix;
    /** [number] null without a row. */
    private @Nullable Object[] rows = new Object[16];

    private final BitSet dirty = new BitSet();
    private Set<String> gone = new LinkedHashSet<>(); // items that left with a row since the last drain
    private final Map<String, R> early = new HashMap<>(); // restored before their items

    /** @param prefix of the keys; no other entry's key is that and an item's id */
    protected ItemColumn(Catalogue catalogue, byte... prefix) {
        this.catalogue = catalogue;
        this.prefix = prefix.clone();
        catalogue.attach(this);
    }

    protected abstract R read(byte[] value);

    protected abstract byte[] write(R row);

    /** Follows the removal of an item that had a row, just before it. */
    protected void removed(int number, R row) {}

    /** Follows the change of an item's number, just before it. Nothing has the other number any more. */
    protected void renumbered(int from, int to, R row) {}

    /** Returns an item's row; null without one, and for {@link Catalogue#NO_NUMBER}. */
    @SuppressWarnings("unchecked")
    protected final @Nullable R row(int number) {
        return number >= 0 && number < rows.length ? (R) rows[number] : null;
    }

    /** Returns the numbers of the items that have a row, ascending. */
    public final IntStream numbers() {
        return IntStream.range(0, rows.length).filter(number -> rows[number] != null);
    }

    /** Keeps a row that is new or changed. */
    protected final void put(int number, R row) {
        place(number, row);
        dirty.set(number);
    }

    private void place(int number, R row) {
        if (number >= rows.length) {
            rows = Arrays.copyOf(rows, number + number / 2);
        }
        rows[number] = row;
    }

    /** Follows a new item of the catalogue. */
    final void appended(int number) {
        R row = early.isEmpty() ? null : early.remove(catalogue.itemAt(number));
        if (row != null) {
            place(number, row);
        }
    }

    /** Follows the removal of an item, just before it: the last item will have its number. */
    final void removed(int number, int last) {
        R row = row(number);
        if (row != null) {
            gone.add(catalogue.itemAt(number));
            removed(number, row);
            rows[number] = null;
        }
        R moved = row(last);
        if (moved != null) {
            renumbered(last, number, moved);
            rows[last] = null;
            rows[number] = moved;
        }
        dirty.set(number, number != last && dirty.get(last));
        dirty.clear(last);
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        String item = Utf8.text(key, prefix.length, key.length);
        int number = catalogue.number(item, Catalogue.NO_NUMBER);
        if (number == Catalogue.NO_NUMBER) {
            early.put(item, read(value));
        } else {
            place(number, read(value));
        }
    }

    @Override
    public void drainDirty(EntrySink sink) {
        for (int number = dirty.nextSetBit(0); number >= 0; number = dirty.nextSetBit(number + 1)) {
            R row = row(number);
            if (row != null) {
                sink.put(PrefixedKey.of(prefix, catalogue.itemAt(number)), write(row));
            }
        }
        for (String item : gone) {
            if (row(catalogue.number(item, Catalogue.NO_NUMBER)) == null) {
                sink.delete(PrefixedKey.of(prefix, item));
            }
        }
        dirty.clear();
        gone = new LinkedHashSet<>(); // clearing costs what the largest one held
    }
}
