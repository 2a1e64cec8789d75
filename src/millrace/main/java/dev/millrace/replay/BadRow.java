package dev.millrace.replay;

/**
 * A row of a data set that could not be used.
 *
 * @param file its name
 * @param line first line of the row, from 1
 * @param message what was expected, and what was found
 */
public record BadRow(String file, long line, String message) {
    @Override
    public String toString() {
        return file + ":" + line + ": " + message;
    }
}
