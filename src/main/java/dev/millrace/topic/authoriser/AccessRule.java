package dev.millrace.topic.authoriser;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A rule of a cluster's authoriser.
 *
 * @param isDenial false if it allows
 * @param principal as the cluster knows it, or {@link #EVERYBODY}
 * @param host address of the clients that it is for, or {@link #EVERY_HOST}
 */
public record AccessRule(boolean isDenial, String principal, String host, Right right) {

    /** In place of a principal: each one. */
    public static final String EVERYBODY = "User:*";

    /** In place of a host: each one. */
    public static final String EVERY_HOST = "*";

    private static final String EVERY_NAME = "*";
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]+"); // for a shell

    /** One word of a shell, whatever a name holds. */
    public static String quoted(String name) {
        return "'" + name.replace("'", "'\\''") + "'";
    }

    /** An operation on a resource. */
    public record Right(Resource resource, Operation operation) {}

    /** What a right can be on. */
    public enum Kind {
        TOPIC,
        GROUP,
        TRANSACTIONAL_ID,
        CLUSTER;

        /** As {@code kafka-acls.sh} names it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * What a right is on.
     *
     * @param name {@code *} is every name, if it is no prefix
     * @param isPrefix true if it is all whose names begin so
     */
    public record Resource(Kind kind, String name, boolean isPrefix) {

        /** Whether all names of another one are among its own. */
        public boolean covers(Resource other) {
            if (kind != other.kind || isEvery() || other.isEvery()) {
                return kind == other.kind && isEvery();
            }
            return isPrefix ? other.name.startsWith(name) : !other.isPrefix && other.name.equals(name);
        }

        /** Whether a name can be of both. */
        public boolean meets(Resource other) {
            return covers(other) || other.covers(this);
        }

        /** As an option of {@code kafka-acls.sh}. */
        public String option() {
            String option = "--" + kind.word();
            if (kind == Kind.CLUSTER) {
                return option;
            }
            return (isPrefix ? "--resource-pattern-type prefixed " : "") + option + " "
                    + (PLAIN.matcher(name).matches() ? name : quoted(name));
        }

        /** As a sentence has it. */
        public String text() {
            if (kind == Kind.CLUSTER) {
                return "the cluster";
            }
            String word = kind.word().replace('-', ' ');
            return isEvery() ? "every " + word : isPrefix ? word + "s with prefix " + name : word + " " + name;
        }

        private boolean isEvery() {
            return !isPrefix && name.equals(EVERY_NAME);
        }
    }

    /** What can be done to a resource. */
    public enum Operation {
        READ,
        WRITE,
        CREATE,
        DELETE,
        ALTER,
        DESCRIBE,
        CLUSTER_ACTION,
        DESCRIBE_CONFIGS,
        ALTER_CONFIGS,
        IDEMPOTENT_WRITE,
        CREATE_TOKENS,
        DESCRIBE_TOKENS,
        TWO_PHASE_COMMIT,
        ALL;

        /** Whether a rule that allows it allows another one too. */
        public boolean allows(Operation other) {
            return denies(other)
                    || switch (other) {
                        case DESCRIBE -> this == READ || this == WRITE || this == DELETE || this == ALTER;
                        case DESCRIBE_CONFIGS -> this == ALTER_CONFIGS;
                        default -> false;
                    };
        }

        /** Whether a rule that denies it denies another one too. */
        public boolean denies(Operation other) {
            return this == ALL || this == other;
        }

        /** As {@code kafka-acls.sh} and Strimzi take it: {@code DescribeConfigs} for {@code DESCRIBE_CONFIGS}. */
        public String word() {
            return Stream.of(name().split("_", -1))
                    .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining());
        }
    }
}
