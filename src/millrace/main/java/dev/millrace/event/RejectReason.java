package dev.millrace.event;

import java.util.Arrays;
import java.util.Optional;

/**
 * Why a record became a dead letter.
 *
 * <p>The label is stored in the header of the dead letter and in the books. Labels never change, because stored ones
 * are read again.
 */
public enum RejectReason {
    /** The bytes do not decode to a value of the topic. */
    UNDECODABLE("undecodable"),
    /** The bytes name an unknown schema. */
    UNKNOWN_SCHEMA("unknown-schema"),
    /** The record has no value, in a topic where this does not mean removal. */
    NULL_VALUE("null-value"),
    /** The key is not the id that the event is partitioned by. */
    BAD_KEY("bad-key"),
    /** The record is not in the partition that its key belongs to. */
    BAD_PARTITION("bad-partition"),
    /** As {@link #BAD_PARTITION}, of a record that was to remove a user or an item: nothing was removed. */
    MISPLACED_REMOVAL("misplaced-removal"),
    /** The event's own id breaks a rule. */
    BAD_ID("bad-id"),
    /** The user's id breaks a rule. */
    BAD_USER("bad-user"),
    /** The item's id breaks a rule. */
    BAD_ITEM("bad-item"),
    /** The id of the exposure that a click names breaks a rule. */
    BAD_EXPOSURE("bad-exposure"),
    /** The generation of an exposure breaks the rule of ids. */
    BAD_GENERATION("bad-generation"),
    /** The answer that an exposure names breaks the rule of ids, or has no place. */
    BAD_ANSWER("bad-answer"),
    /** The place of an exposure is below 1, or without an answer. */
    BAD_PLACE("bad-place"),
    /** The action's name breaks a rule. */
    BAD_ACTION("bad-action"),
    /** The weight is out of range. */
    BAD_WEIGHT("bad-weight"),
    /** The time is out of range. */
    BAD_TIME("bad-time"),
    /** A number among the features is out of range. */
    BAD_VALUE("bad-value"),
    /** A component of a vector among the features is out of range. */
    BAD_COMPONENT("bad-component"),
    /** The record refers to a state of an experiment that never took effect. */
    UNKNOWN_EXPERIMENT("unknown-experiment"),
    /** The learner refused the step. */
    REFUSED_STEP("refused-step"),
    /** Features are more, or larger, than the settings allow. */
    TOO_LARGE("too-large");

    private static final String BAD = "bad-";

    private final String label;

    RejectReason(String label) {
        this.label = label;
    }

    /** Returns the name in headers and books. */
    public String label() {
        return label;
    }

    /** Returns the reason with that label; absent if this version has none. */
    public static Optional<RejectReason> of(String label) {
        return Arrays.stream(values())
                .filter(reason -> reason.label.equals(label))
                .findFirst();
    }

    /** Returns the name of the invalid field for messages, or {@code record} if the reason is not about one field. */
    String field() {
        if (this == MISPLACED_REMOVAL) {
            return BAD_PARTITION.field();
        }
        return label.startsWith(BAD) ? label.substring(BAD.length()) : "record";
    }
}
