package dev.millrace.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.kafka.common.utils.Utils;

/**
 * What a fuzzer made: a few bytes that choose, and the rest.
 *
 * @param bytes at least those that choose
 */
record Input(byte[] bytes) {

    /** A number from 0 to below the bound, of the byte at that place; 0 if there is none. */
    int choice(int place, int bound) {
        return place < bytes.length ? Byte.toUnsignedInt(bytes[place]) % bound : 0;
    }

    byte[] from(int place) {
        return place < bytes.length ? Arrays.copyOfRange(bytes, place, bytes.length) : new byte[0];
    }

    String textFrom(int place) {
        return new String(from(place), StandardCharsets.UTF_8);
    }

    /** A new directory, which is removed when the process ends. */
    static Path directory() {
        try {
            Path directory = Files.createTempDirectory("fuzz");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(directory)));
            return directory;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void remove(Path directory) {
        try {
            Utils.delete(directory.toFile());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static void write(Path file, byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** A broken promise. */
    static void require(boolean holds, String promise) {
        if (!holds) {
            throw new AssertionError(promise);
        }
    }
}
