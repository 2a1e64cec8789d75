package dev.millrace.model.table;

import dev.millrace.state.EntrySum;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What is stored of a table beside its rows.
 *
 * @param rows number of rows and sum of their entries
 * @param cursor key of the last row that the sweep visited; absent at the start of a round
 * @param debt rows that the sweep has yet to visit
 */
public record TableRows(EntrySum rows, Optional<String> cursor, long debt) {

    public static TableRows read(byte[] entry) {
        ByteBuffer payload = Frame.open(entry);
        return new TableRows(
                new EntrySum(payload.getLong(), payload.getLong(), payload.getLong()),
                payload.getInt() == 0 ? Optional.empty() : Optional.of(Fields.text(payload)),
                payload.getLong());
    }

    public byte[] entry() {
        Fields fields = new Fields()
                .longInteger(rows.count())
                .longInteger(rows.first())
                .longInteger(rows.second())
                .integer(cursor.isPresent() ? 1 : 0);
        cursor.ifPresent(fields::text);
        return fields.longInteger(debt).framed();
    }
}
