package dev.millrace.access;

/** A file of tokens, a certificate or a key that cannot be used. The message says why, and not what a secret is. */
final class UnusableFileException extends Exception {

    UnusableFileException(String message) {
        super(message);
    }

    UnusableFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
