package dev.millrace.access;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokens of a file, as the file is now. Safe for threads.
 *
 * <p>Without a token in the file, or without the file, nobody is let in. A file that is damaged otherwise takes nothing from those before.
 */
public final class Tokens implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);

    private final FileWatch watch;
    private volatile TokenDigests digests = TokenDigests.NONE;
    private boolean isBegun;

    /**
     * @param setting that names the file
     * @throws dev.millrace.settings.InvalidSettingsException if the file cannot be used, or has no token: a server that lets nobody in is not begun
     */
    Tokens(String setting, Path file) {
        this.watch = FileWatch.start(setting, List.of(file), () -> read(file));
    }

    private void read(Path file) throws UnusableFileException {
        TokenDigests now = isBegun && Files.notExists(file) ? TokenDigests.NONE : TokenDigests.read(file);
        if (now.isEmpty() && !isBegun) {
            throw new UnusableFileException("has no token");
        }
        if (now.isEmpty()) {
            LOG.atWarn().addKeyValue("file", file).log("No token is left: nobody is let in");
        }
        digests = now;
        isBegun = true;
    }

    /** Who bears a token; absent if the file does not have it. */
    public Optional<Bearer> bearerOf(String token) {
        return digests.bearerOf(token);
    }

    @Override
    public void close() {
        watch.close();
    }
}
