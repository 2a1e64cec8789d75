package dev.millrace.stream.run;

import java.nio.file.Path;

/** Thrown when the directory of local state cannot be used; names it and says why. */
public final class UnusableStateException extends RuntimeException {

    UnusableStateException(Path directory, String why) {
        super("state directory " + directory.toAbsolutePath().normalize() + " cannot be used: " + why
                + "; another is named by stream.state-directory");
    }

    UnusableStateException(Path directory, String why, Throwable cause) {
        super(
                "state directory " + directory.toAbsolutePath().normalize() + " cannot be used: " + why
                        + "; another is named by stream.state-directory",
                cause);
    }
}
