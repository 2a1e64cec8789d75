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

/**
 * The roles of tokens, by the tokens' SHA-256. Whoever reads the file that it comes from learns no token.
 *
 * <p>Each line is {@code <role> sha256:<64 hexadecimal digits>}; what follows a {@code #} is a comment. To find a token, its digest is
 * looked up: how long that takes says nothing of the tokens that there are.
 */
final class TokenDigests {

    private static final Pattern LINE = Pattern.compile("(\\S+)\\s+sha256:([0-9a-fA-F]{64})");

    private final Map<String, Role> roles;

    private TokenDigests(Map<String, Role> roles) {
        this.roles = roles;
    }

    /** Reads a file. */
    static TokenDigests read(Path file) throws UnusableFileException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException unreadable) {
            throw new UnusableFileException("cannot be read: " + unreadable, unreadable);
        }
        Map<String, Role> roles = new HashMap<>();
        for (int number = 1; number <= lines.size(); number++) {
            String text = lines.get(number - 1).replaceFirst("#.*", "").strip();
            if (!text.isEmpty()) {
                Matcher line = LINE.matcher(text);
                if (!line.matches() || roleOfName(line.group(1)).isEmpty()) {
                    throw new UnusableFileException(
                            "line " + number + " must be <role> sha256:<64 hexadecimal digits>, the role "
                                    + Arrays.stream(Role.values())
                                            .map(TokenDigests::name)
                                            .collect(Collectors.joining(" or ")));
                }
                roles.merge(
                        line.group(2).toLowerCase(Locale.ROOT),
                        roleOfName(line.group(1)).orElseThrow(),
                        (one, other) -> one.includes(other) ? one : other);
            }
        }
        if (roles.isEmpty()) {
            throw new UnusableFileException("has no token");
        }
        return new TokenDigests(Map.copyOf(roles));
    }

    /** The role of a token, if it has one. */
    Optional<Role> roleOf(String token) {
        return Optional.ofNullable(roles.get(Sha256.hex(token)));
    }

    private static Optional<Role> roleOfName(String name) {
        return Arrays.stream(Role.values())
                .filter(role -> name(role).equals(name))
                .findFirst();
    }

    private static String name(Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }
}
