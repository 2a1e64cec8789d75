package dev.millrace.access;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tokens of a file, as the file is now. Safe for threads. */
public final class Tokens implements AutoCloseable {

    private final FileWatch watch;
    private volatile @Nullable TokenDigests digests;

    private Tokens(Path file) throws UnusableFileException {
        this.watch = FileWatch.start(List.of(file), () -> digests = TokenDigests.read(file));
    }

    /** @throws InvalidSettingsException if the file cannot be used */
    public static Tokens of(Path file) {
        try {
            return new Tokens(file);
        } catch (UnusableFileException unusable) {
            throw new InvalidSettingsException(List.of(
                    new SettingFault(AccessSettings.TOKENS, file.toString(), String.valueOf(unusable.getMessage()))));
        }
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
