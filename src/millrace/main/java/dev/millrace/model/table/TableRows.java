package dev.millrace.model.table;

import dev.millrace.state.EntrySum;
import dev.millrace.state.Form;
import java.util.Optional;

/**
 * What is stored of a table beside its rows.
 *
 * @param rows number of rows and sum of their entries
 * @param cursor key of the last row that the sweep visited; absent at the start of a round
 * @param debt rows that the sweep has yet to visit
 */
public record TableRows(EntrySum rows, Optional<String> cursor, long debt) {

    private static final TableRows NONE = new TableRows(EntrySum.NONE, Optional.empty(), 0);

    public static TableRows read(byte[] entry) {
        return Form.read(entry, NONE::fields);
    }

    public byte[] entry() {
        return Form.written(this::fields);
    }

    private TableRows fields(Form form) {
        EntrySum sum = new EntrySum(
                form.longInteger(rows.count()), form.longInteger(rows.first()), form.longInteger(rows.second()));
        Optional<String> last =
                form.flag(cursor.isPresent()) ? Optional.of(form.text(cursor.orElse(""))) : Optional.empty();
        return new TableRows(sum, last, form.longInteger(debt));
    }
}
