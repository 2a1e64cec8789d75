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

    /** The role of a token, if it has one. */
    public Optional<Role> roleOf(String token) {
        return Objects.requireNonNull(digests).roleOf(token);
    }

    @Override
    public void close() {
        watch.close();
    }
}
