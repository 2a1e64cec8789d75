package dev.millrace.replay;

import java.io.Closeable;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads the rows of one file in order, whatever its format. One thread. */
public final class RowReader extends Lookahead<Row> implements Closeable {

    private final Input input;

    /** The rows of a file of one format. */
    interface Input extends Closeable {

        /** Returns the names of the columns, as the format or the file gives them; empty if neither does. */
        List<String> columns();

        /** Returns the next row that can be read; empty behind the last. */
        Optional<Row> next();

        @Override
        void close();
    }

    RowReader(RowFile file, Consumer<? super BadRow> badRows) {
        input = file.format()
                .match(
                        csv -> new LineRows(file, badRows),
                        jsonLines -> new LineRows(file, badRows),
                        parquet -> new ParquetRows(file));
    }

    /** Returns the names of the columns of a file; empty for JSON lines and for an empty file. */
    public static List<String> columns(RowFile file) {
        try (RowReader rows = new RowReader(file, bad -> {})) {
            return rows.input.columns();
        }
    }

    @Override
    public void close() {
        input.close();
    }

    @Override
    @Nullable
    Row compute() {
        return input.next().orElse(null);
    }
}
