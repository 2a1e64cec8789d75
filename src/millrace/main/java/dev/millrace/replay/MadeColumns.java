package dev.millrace.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Columns that are made of others of their row, such as the hour of a time.
 *
 * @param of columns of the file that they are made of; where a file has none of that name, its cells are empty
 * @param made what each gives as text, by name; one of the name of a column of the file stands for that
 */
public record MadeColumns(List<String> of, Map<String, Function<Row, Optional<?>>> made) {

    static final MadeColumns NONE = new MadeColumns(List.of(), Map.of());

    public MadeColumns {
        of = List.copyOf(of);
        made = new TreeMap<>(made); // in one order, as the first fault of a row is told
    }

    /** Returns the row with these columns. */
    Row in(Row row) {
        if (made.isEmpty()) {
            return row;
        }
        List<String> columns = new ArrayList<>();
        List<String> cells = new ArrayList<>();
        made.forEach((name, of) -> {
            columns.add(name);
            cells.add(of.apply(row).map(Object::toString).orElse(""));
        });
        columns.addAll(row.columns());
        cells.addAll(row.cells());
        return new Row(row.line(), row.fingerprint(), columns, cells);
    }
}
