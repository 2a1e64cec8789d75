package dev.millrace.replay;

import java.io.Closeable;
import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a file, without a byte order mark at its start. None takes more memory than {@value #MOST_CHARS} characters: a compressed
 * file of some kilobytes may hold a line of gigabytes.
 */
final class LineReader implements Closeable {

    /** Most characters of a row. */
    static final int MOST_CHARS = 1 << 20;

    private static final int END = -1;
    private static final char MARK = '\ufeff';

    private final Reader characters;
    private final char[] buffer = new char[1 << 16];
    private int at;
    private int filled;
    private boolean isAtStart = true;
    private boolean isAfterReturn; // a line feed that comes next belongs to the end of the last line

    LineReader(Reader characters) {
        this.characters = characters;
    }

    /**
     * Returns the next line without its end, or null behind the last one. Of a line that is too long it returns one character more than a
     * row may have.
     */
    @Nullable
    String readLine() throws IOException {
        int next = read();
        if ((isAfterReturn && next == '\n') || (isAtStart && next == MARK)) {
            next = read();
        }
        isAtStart = false;
        isAfterReturn = false;
        if (next == END) {
            return null;
        }
        StringBuilder line = new StringBuilder();
        while (next != END && next != '\n' && next != '\r') {
            if (line.length() <= MOST_CHARS) {
                line.append((char) next);
            }
            next = read();
        }
        isAfterReturn = next == '\r';
        return line.toString();
    }

    private int read() throws IOException {
        if (at == filled) {
            filled = characters.read(buffer);
            at = 0;
            if (filled <= 0) {
                filled = 0;
                return END;
            }
        }
        return buffer[at++];
    }

    @Override
    public void close() throws IOException {
        characters.close();
    }
}
