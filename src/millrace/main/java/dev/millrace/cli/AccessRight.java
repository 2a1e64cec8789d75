package dev.millrace.cli;

import dev.millrace.state.Utf8;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A right that a command needs on a cluster with an authoriser. All of them are in the table access-rights.md, by which each command is tested.
 *
 * @param command such as {@code verify --model}
 * @param name of the resource, with {@code millrace-} for the application id; a topic's logical name
 * @param isPrefix true if the resource is all whose names begin so
 * @param operation as Kafka names it, such as DESCRIBE_CONFIGS
 */
record AccessRight(String command, Kind kind, String name, boolean isPrefix, String operation) {

    /** What a right can be on. */
    enum Kind {
        TOPIC,
        GROUP,
        TRANSACTIONAL_ID,
        CLUSTER;

        /** As {@code kafka-acls.sh} names it. */
        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** The operation as {@code kafka-acls.sh} and Strimzi take it: {@code DescribeConfigs} for DESCRIBE_CONFIGS. */
    String operationWord() {
        return Stream.of(operation.split("_", -1))
                .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.joining());
    }

    /** In place of the name of a topic: each one. */
    static final String EVERY_TOPIC = "*";

    /** In place of the name of a topic: each one that {@code map.mapping} names. */
    static final String MAPPED_TOPICS = "mapped";

    private static final String TABLE = "access-rights.md";
    private static final int HEAD_LINES = 2;
    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

    /** Returns all rights of all commands, in the order of the table. */
    static List<AccessRight> all() {
        List<AccessRight> rights = new ArrayList<>();
        List<String> commands = List.of();
        for (String line : table().lines().skip(HEAD_LINES).toList()) {
            String[] cells = line.split("\\|", -1);
            commands = cells[1].isBlank() ? commands : quoted(cells[1]).toList();
            for (String command : commands) {
                for (String name : names(cells[2].strip()).toList()) {
                    for (String operation : cells[3].strip().split(", ", -1)) {
                        rights.add(new AccessRight(
                                command, kind(cells[2].strip()), name, cells[2].contains("with prefix"), operation));
                    }
                }
            }
        }
        return rights;
    }

    private static String table() {
        try (InputStream in = Objects.requireNonNull(AccessRight.class.getResourceAsStream(TABLE))) {
            return Utf8.text(in.readAllBytes());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Stream<String> names(String cell) {
        return switch (cell) {
            case "the cluster" -> Stream.of("kafka-cluster");
            case "every topic" -> Stream.of(EVERY_TOPIC);
            case "the topics of the mapping" -> Stream.of(MAPPED_TOPICS);
            default -> quoted(cell);
        };
    }

    private static Kind kind(String cell) {
        if (cell.equals("the cluster")) {
            return Kind.CLUSTER;
        }
        return cell.startsWith("groups")
                ? Kind.GROUP
                : cell.startsWith("transactional ids") ? Kind.TRANSACTIONAL_ID : Kind.TOPIC;
    }

    private static Stream<String> quoted(String cell) {
        return QUOTED.matcher(cell).results().map(MatchResult::group).map(name -> name.replace("`", ""));
    }
}
