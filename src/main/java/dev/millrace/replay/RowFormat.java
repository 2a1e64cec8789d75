package dev.millrace.replay;

import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;

/** How the rows of a file are written. Gzip is recognised by its first bytes, in both formats. */
sealed interface RowFormat {

    Charset charset();

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
    }

    /** One JSON object a line. A column is a path: names separated by dots. */
    record JsonLines(Charset charset) implements RowFormat {}
}
