package dev.millrace.replay;

import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;

/** How the rows of a file are written. Gzip is told by its first bytes, in either. */
sealed interface RowFormat {

    Charset charset();

    /**
     * Cells between delimiters.
     *
     * @param delimiter between two cells
     * @param quote around a cell that holds delimiters, line ends or, doubled, itself; empty if none has a meaning
     * @param columns names of all columns where no line of the file gives them; empty if its first line does
     */
    record Csv(char delimiter, Optional<Character> quote, List<String> columns, Charset charset) implements RowFormat {
        public Csv {
            columns = List.copyOf(columns);
        }

        boolean hasHeader() {
            return columns.isEmpty();
        }
    }

    /** One object a line; a column is a path of names between dots. */
    record JsonLines(Charset charset) implements RowFormat {}
}
