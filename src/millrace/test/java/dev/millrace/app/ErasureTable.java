package dev.millrace.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The table of docs/access.md that says what stays of an erased user.
 *
 * <p>A row names what is in backticks in its first column, or else the column. A row with † names the column.
 *
 * @param seen places where something of an erased user stands
 * @param unseen places of which looking cannot tell: something is there at times, or it is not known as the user's
 */
record ErasureTable(Set<String> seen, Set<String> unseen) {

    private static final String HEAD = "| where | what | until |";
    private static final String MARK = "†";
    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

    static ErasureTable read() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("docs/access.md"));
        Set<String> seen = new TreeSet<>();
        Set<String> unseen = new TreeSet<>();
        lines.stream()
                .skip(lines.indexOf(HEAD) + 2L) // and the line below the head
                .takeWhile(line -> line.startsWith("|"))
                .map(row -> row.split("\\|", 3)[1].strip())
                .forEach(where -> {
                    List<String> quoted = QUOTED.matcher(where)
                            .results()
                            .map((MatchResult result) -> result.group(1))
                            .toList();
                    if (where.endsWith(MARK)) {
                        unseen.add(where.replace(MARK, "").strip());
                    } else if (quoted.isEmpty()) {
                        seen.add(where);
                    } else {
                        seen.addAll(quoted);
                    }
                });
        return new ErasureTable(seen, unseen);
    }
}
