package dev.millrace.replay;

/**
 * A row of a data set that could not be used.
 *
 * @param file its name
 * @param line where the row begins, from 1
 * @param message what was expected and found
 */
public record BadRow(String file, long line, String message) {
    @Override
    public String toString() {
        return file + ":" + line + ": " + message;
    }
}
