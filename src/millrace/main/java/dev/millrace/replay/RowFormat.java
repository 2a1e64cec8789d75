package dev.millrace.replay;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** How the rows of a file are written. Gzip of a file of lines is recognised by its first bytes. */
public sealed interface RowFormat {

    Charset charset();

    /** Returns true if the columns of a file are known before its rows are read, from the format or from the file's header. */
    default boolean namesColumns() {
        return !(this instanceof JsonLines);
    }

    /** Calls the function for this format. A new format does not compile until every caller has a function for it. */
    <R> R match(Function<Csv, R> csv, Function<JsonLines, R> jsonLines, Function<Parquet, R> parquet);

    /**
     * Cells between delimiters.
     *
     * @param delimiter between two cells
     * @param quote around a cell that holds delimiters, line ends or doubled quotes; empty if the format has no quotes
     * @param columns names of all columns; empty if the first line of the file names them
     */
    record Csv(char delimiter, Optional<Character> quote, List<String> columns, Charset charset) implements RowFormat {
        public Csv {
            columns = List.copyOf(columns);
        }

        boolean hasHeader() {
            return columns.isEmpty();
        }

        @Override
        public <R> R match(Function<Csv, R> csv, Function<JsonLines, R> jsonLines, Function<Parquet, R> parquet) {
            return csv.apply(this);
        }
    }

    /** One JSON object a line. A column is a path: names separated by dots. */
    record JsonLines(Charset charset) implements RowFormat {

        @Override
        public <R> R match(Function<Csv, R> csv, Function<JsonLines, R> jsonLines, Function<Parquet, R> parquet) {
            return jsonLines.apply(this);
        }
    }

    /** A file of Apache Parquet, which names its columns and their types. A column of a record is a path. */
    record Parquet() implements RowFormat {

        @Override
        public Charset charset() {
            return StandardCharsets.UTF_8;
        }

        @Override
        public <R> R match(Function<Csv, R> csv, Function<JsonLines, R> jsonLines, Function<Parquet, R> parquet) {
            return parquet.apply(this);
        }
    }
}
