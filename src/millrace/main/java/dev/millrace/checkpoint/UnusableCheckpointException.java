package dev.millrace.checkpoint;

import java.nio.file.Path;

/** Thrown when a file is no whole checkpoint that this program can use; names the file, the place in it and what is wrong there. */
public final class UnusableCheckpointException extends RuntimeException {

    UnusableCheckpointException(Path file, String found, Throwable cause) {
        super("checkpoint " + file + " cannot be used: " + found, cause);
    }
}
