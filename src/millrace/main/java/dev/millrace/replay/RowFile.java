package dev.millrace.replay;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/**
 * A file of rows, and the columns that are wanted of it.
 *
 * @param columns that are wanted, in the order of the cells of its {@link Row}s
 */
public record RowFile(Path path, RowFormat format, List<String> columns) {
    private static final byte[] PARQUET = {'P', 'A', 'R', '1'};

    public RowFile {
        columns = List.copyOf(columns);
    }

    public String name() {
        return String.valueOf(path.getFileName());
    }

    /** Returns the rows from the start. The caller closes the reader. */
    public RowReader rows(Consumer<? super BadRow> badRows) {
        return new RowReader(this, badRows);
    }

    /**
     * Returns the first lines that are not blank, stripped: fewer if the file has fewer, or cannot be read so far, which whoever reads the
     * rows will say.
     */
    List<String> begin(int most) {
        List<String> lines = new ArrayList<>();
        try (LineReader reader = open()) {
            String line = reader.readLine();
            while (line != null && lines.size() < most) {
                if (!line.isBlank()) {
                    lines.add(line.strip());
                }
                line = reader.readLine();
            }
        } catch (IOException unreadable) {
            return lines;
        }
        return lines;
    }

    /** Whether the file begins as a Parquet file does. */
    boolean isParquet() {
        try (InputStream bytes = Files.newInputStream(path)) {
            return Arrays.equals(bytes.readNBytes(PARQUET.length), PARQUET);
        } catch (IOException unreadable) { // whoever reads the rows will say so
            return false;
        }
    }

    LineReader open() throws IOException {
        InputStream bytes = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
        try {
            bytes.mark(2);
            boolean gzip = bytes.read() == 0x1f && bytes.read() == 0x8b;
            bytes.reset();
            InputStream plain = gzip ? new GZIPInputStream(bytes, 1 << 16) : bytes;
            return new LineReader(new InputStreamReader(plain, format.charset()));
        } catch (IOException | RuntimeException failure) {
            bytes.close();
            throw failure;
        }
    }
}
