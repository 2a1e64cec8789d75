package dev.millrace.access;

import dev.millrace.state.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokens of a file, as the file is now: the role and name of each, by its SHA-256. Whoever reads the file learns no token. Safe for
 * threads.
 *
 * <p>Each line is {@code <role> sha256:<64 hexadecimal digits> <name>}. A line may have no name; what follows a {@code #} is a comment. To
 * find a token, its digest is looked up: how long that takes says nothing of the tokens that there are.
 *
 * <p>Without a token in the file, or without the file, nobody is let in. A file that is damaged otherwise takes nothing from those before.
 */
public final class Tokens implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);

    private static final Pattern LINE =
            Pattern.compile("(\\S+)\\s+sha256:([0-9a-fA-F]{64})(?:\\s+([A-Za-z0-9._@-]{1,64}))?");
    private static final int DIGITS_OF_A_NAME = 12;

    private final FileWatch watch;
    private volatile Map<String, Bearer> bearers = Map.of();
    private boolean isBegun;

    /**
     * @param setting that names the file
     * @throws dev.millrace.settings.InvalidSettingsException if the file cannot be used, or has no token: a server that lets nobody in is not begun
     */
    Tokens(String setting, Path file) {
        this.watch = FileWatch.start(setting, List.of(file), () -> read(file));
    }

    private void read(Path file) throws UnusableFileException {
        Map<String, Bearer> now = isBegun && Files.notExists(file) ? Map.of() : bearers(file);
        if (now.isEmpty() && !isBegun) {
            throw new UnusableFileException("has no token");
        }
        if (now.isEmpty()) {
            LOG.atWarn().addKeyValue("file", file).log("No token is left: all requests that need one are refused");
        }
        bearers = now;
        isBegun = true;
    }

    /** Who bears a token; absent if the file does not have it. */
    public Optional<Bearer> bearerOf(String token) {
        return Optional.ofNullable(bearers.get(Sha256.hex(token)));
    }

    @Override
    public void close() {
        watch.close();
    }

    /** Reads a file, which may have no token. */
    private static Map<String, Bearer> bearers(Path file) throws UnusableFileException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException unreadable) {
            throw new UnusableFileException("cannot be read: " + unreadable, unreadable);
        }
        Map<String, Bearer> bearers = new HashMap<>();
        for (int number = 1; number <= lines.size(); number++) {
            String text = lines.get(number - 1).replaceFirst("#.*", "").strip();
            if (!text.isEmpty()) {
                Matcher line = LINE.matcher(text);
                if (!line.matches() || roleOfName(line.group(1)).isEmpty()) {
                    throw new UnusableFileException("line " + number
                            + " must be <role> sha256:<64 hexadecimal digits>, the role "
                            + Arrays.stream(Role.values()).map(Role::text).collect(Collectors.joining(" or "))
                            + ", and may end with a name of 1 to 64 letters, digits, dots, underscores, @ and dashes");
                }
                String digest = line.group(2).toLowerCase(Locale.ROOT);
                bearers.merge(
                        digest,
                        new Bearer(
                                roleOfName(line.group(1)).orElseThrow(),
                                Optional.ofNullable(line.group(3))
                                        .orElse("sha256:" + digest.substring(0, DIGITS_OF_A_NAME))),
                        (one, other) -> one.role().includes(other.role()) ? one : other);
            }
        }
        return Map.copyOf(bearers);
    }

    private static Optional<Role> roleOfName(String name) {
        return Arrays.stream(Role.values())
                .filter(role -> role.text().equals(name))
                .findFirst();
    }
}
