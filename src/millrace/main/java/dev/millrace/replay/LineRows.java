package dev.millrace.replay;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads the rows of a file of lines. A row that cannot be parsed is reported as a bad row and left out.
 *
 * <p>Layout: the file is read line by line. A {@code Parser} makes a row of a line: {@code CsvLines} for CSV, {@code JsonLines} for one JSON
 * object a line. A CSV record takes further lines while one of its quotes is open.
 *
 * <p>Invariant: a bad row does not affect the next one. If a record that took several lines cannot be parsed, all its lines but the first
 * are put back and read again, since they may be rows of their own behind a quote that is never closed.
 *
 * <p>Cost: memory for one record, of at most {@value #MAX_RECORD_LINES} lines and {@value LineReader#MOST_CHARS} characters. One thread.
 */
final class LineRows implements RowReader.Input {

    /** Most lines of one quoted record. In a longer record a quote was never closed. */
    private static final int MAX_RECORD_LINES = 200;

    private final RowFile file;
    private final Consumer<? super BadRow> badRows;
    private final LineReader reader;
    private final Deque<String> putBack = new ArrayDeque<>();
    private final List<String> names; // of all columns
    private final Parser parser;
    private long line;

    LineRows(RowFile file, Consumer<? super BadRow> badRows) {
        this.file = file;
        this.badRows = badRows;
        try {
            reader = file.open();
        } catch (IOException failure) {
            throw unreadable(failure);
        }
        names = file.format()
                .match(
                        csv -> csv.hasHeader() ? header(csv, readLine()) : csv.columns(),
                        jsonLines -> List.of(),
                        parquet -> List.of());
        parser =
                file.format().match(csv -> new CsvLines(csv), jsonLines -> new JsonLines(), parquet -> new JsonLines());
    }

    @Override
    public List<String> columns() {
        return names;
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot close " + file.path(), failure);
        }
    }

    @Override
    public Optional<Row> next() {
        for (Optional<String> text = readLine(); text.isPresent(); text = readLine()) {
            long begins = line;
            if (text.get().isBlank()) {
                continue;
            }
            try {
                requireShort(text.get());
                return Optional.of(parser.row(begins, text.get()));
            } catch (JsonProcessingException malformed) {
                bad(begins, malformed.getOriginalMessage());
            } catch (Malformed malformed) {
                bad(begins, String.valueOf(malformed.getMessage()));
            }
        }
        return Optional.empty();
    }

    private static void requireShort(CharSequence record) {
        if (record.length() > LineReader.MOST_CHARS) {
            throw new Malformed("has more than " + LineReader.MOST_CHARS + " characters");
        }
    }

    private void bad(long begins, String message) {
        badRows.accept(new BadRow(file.name(), begins, message));
    }

    private Optional<String> readLine() {
        String text = putBack.poll();
        if (text == null) {
            try {
                text = reader.readLine();
            } catch (IOException failure) {
                throw unreadable(failure);
            }
        }
        if (text == null) {
            return Optional.empty();
        }
        line++;
        return Optional.of(text);
    }

    private UncheckedIOException unreadable(IOException failure) {
        return new UncheckedIOException(
                "cannot read " + file.path() + " beyond line " + line + ": " + failure, failure);
    }

    private static List<String> header(RowFormat.Csv format, Optional<String> text) {
        if (text.isEmpty()) {
            return List.of();
        }
        try {
            String[] names = cells(format).readValue(text.get());
            return Arrays.stream(names).map(String::strip).toList();
        } catch (JsonProcessingException malformed) {
            return List.of();
        }
    }

    private static ObjectReader cells(RowFormat.Csv format) {
        CsvSchema schema = CsvSchema.emptySchema().withColumnSeparator(format.delimiter());
        CsvSchema quoted = format.quote().map(schema::withQuoteChar).orElseGet(schema::withoutQuoteChar);
        return CsvMapper.builder().build().readerFor(String[].class).with(quoted);
    }

    private interface Parser {
        Row row(long begins, String text) throws JsonProcessingException;
    }

    private static final class Malformed extends RuntimeException {
        Malformed(String message) {
            super(message);
        }
    }

    /** Parses a CSV record of one line, or of several lines if a quoted cell holds line ends. */
    private final class CsvLines implements Parser {
        private final RowFormat.Csv format;
        private final ObjectReader cells;
        private final int width;
        private final int[] wanted;
        private final JsonRows.Fingerprints fingerprints = new JsonRows.Fingerprints();

        CsvLines(RowFormat.Csv format) {
            this.format = format;
            cells = cells(format);
            width = names.size();
            wanted = file.columns().stream().mapToInt(names::indexOf).toArray();
        }

        @Override
        public Row row(long begins, String text) throws JsonProcessingException {
            List<String> lines = new ArrayList<>(List.of(text));
            try {
                return row(begins, cells.<String[]>readValue(whole(lines)));
            } catch (JsonProcessingException | Malformed malformed) {
                // the further lines may be rows of their own
                for (int at = lines.size() - 1; at > 0; at--) {
                    putBack.push(lines.get(at));
                    line--;
                }
                throw malformed;
            }
        }

        private Row row(long begins, String[] values) {
            if (values.length != width) {
                throw new Malformed("has " + values.length + " cells, expected " + width);
            }
            List<String> chosen = new ArrayList<>(wanted.length);
            for (int at : wanted) {
                chosen.add(at < 0 ? "" : values[at].strip());
            }
            return new Row(
                    begins, fingerprints.of(String.join(String.valueOf(Row.ARRAY), values)), file.columns(), chosen);
        }

        /** Returns the first line, and further lines while a quote is open. */
        private String whole(List<String> lines) {
            String first = lines.get(0);
            if (format.quote().isEmpty() || first.indexOf(format.quote().get()) < 0) {
                return first;
            }
            StringBuilder record = new StringBuilder(first);
            while (endsInsideQuotes(record)) {
                Optional<String> more = lines.size() < MAX_RECORD_LINES ? readLine() : Optional.empty();
                if (more.isEmpty()) {
                    throw new Malformed("has a quote that is not closed");
                }
                lines.add(more.get());
                record.append('\n').append(more.get());
                requireShort(record);
            }
            return record.toString();
        }

        private boolean endsInsideQuotes(CharSequence record) {
            char quote = format.quote().orElseThrow();
            boolean inside = false;
            boolean atStart = true;
            for (int at = 0; at < record.length(); at++) {
                char unit = record.charAt(at);
                if (unit == quote && (inside || atStart)) {
                    inside = !inside;
                    // a doubled quote closes and opens again
                    atStart = !inside;
                } else {
                    atStart = !inside && unit == format.delimiter();
                }
            }
            return inside;
        }
    }

    /** Parses one JSON object a line. */
    private final class JsonLines implements Parser {
        private final ObjectReader objects = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build()
                .readerFor(JsonNode.class);
        private final JsonRows rows = new JsonRows(file.columns());

        @Override
        public Row row(long begins, String text) throws JsonProcessingException {
            JsonNode object = objects.readValue(text);
            if (!object.isObject()) {
                throw new Malformed("is not a JSON object");
            }
            return rows.row(begins, text, object);
        }
    }
}
