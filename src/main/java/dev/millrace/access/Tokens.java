package dev.millrace.access;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tokens of a file, as the file is now. Safe for threads. */
public final class Tokens implements AutoCloseable {

    private final FileWatch watch;
    private volatile @Nullable TokenDigests digests;

    /**
     * @param setting that names the file
     * @throws dev.millrace.settings.InvalidSettingsException if the file cannot be used
     */
    Tokens(String setting, Path file) {
        this.watch = FileWatch.start(setting, List.of(file), () -> digests = TokenDigests.read(file));
    }

    /** Who bears a token; absent if the file does not have it. */
    public Optional<Bearer> bearerOf(String token) {
        return Objects.requireNonNull(digests).bearerOf(token);
    }

    @Override
    public void close() {
        watch.close();
    }
}
