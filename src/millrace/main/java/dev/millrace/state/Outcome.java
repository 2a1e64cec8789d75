package dev.millrace.state;

/**
 * The outcome of an event, as the {@link Books} count it.
 *
 * <p>docs/topics.md, section Outcomes, gives the rule of each. The labels are stored and published: renaming one would
 * split its count in two.
 */
public enum Outcome {
    // clicks
    ATTRIBUTED("attributed"),
    CAPPED("capped"),
    LATE("late"),
    LATE_ATTRIBUTED("late-attributed"),
    ORPHAN("orphan"),
    ORPHAN_ATTRIBUTED("orphan-attributed"),
    HIDDEN("hidden"),
    HIDDEN_CAPPED("hidden-capped"),
    UNHIDDEN("unhidden"),
    REPEATED_ACTION("repeated-action"),
    UNTRAINED_ACTION("untrained-action"),

    // exposures
    CLICKED("clicked"),
    UNCLICKED("unclicked"),
    /** No exposure, but a state of an experiment, which Millrace itself writes. */
    EXPERIMENT("experiment"),

    // profiles of users, items of the catalogue
    APPLIED("applied"),
    OUTDATED("outdated"),
    REMOVED("removed"),
    UNCHANGED("unchanged"),

    // any event
    DUPLICATE("duplicate"),
    ERASED("erased"),
    /** The event was invalid. The label ends with the reason. */
    REJECTED("rejected"),

    // records of the user's own topics
    MAPPED("mapped"),
    /** It says nothing that is not known, or nothing that is an event. The label ends with the reason. */
    LEFT_OUT("left-out"),

    // training examples and mini-batches
    BEFORE_START("before-start"),
    CATALOGUE_CHANGE("catalogue-change"),
    EXAMINED("examined"),
    LEARNT("learnt"),
    /** The step would have harmed the model. The label ends with the reason. */
    REFUSED("refused"),
    REMOVED_ITEM("removed-item"),
    USER_REMOVAL("user-removal"),
    WITHOUT_POSITIVES("without-positives");

    /** Reason that the label of an attributed click ends with, if its weight was larger than the settings allow. */
    public static final String CUT_WEIGHT = "cut weight";

    /** Reason that the label of a click ends with which hid its item and, for want of room, brought back the item hidden longest ago. */
    public static final String FULL = "full";

    /** Reason that the label of a click ends with which was to bring back an item that was not hidden. */
    public static final String NOT_HIDDEN = "not hidden";

    private static final String BEFORE_REASON = ": ";

    private final String label;
    private final String line;

    Outcome(String label) {
        this.label = label;
        this.line = Books.OUTCOME + label;
    }

    /** Returns the name in books, reports and metrics. */
    public String label() {
        return label;
    }

    /** Returns true if a click of this outcome has an example. */
    public boolean hasExample() {
        return this == ATTRIBUTED || this == LATE_ATTRIBUTED || this == ORPHAN_ATTRIBUTED || this == HIDDEN;
    }

    /** Returns the name of this outcome with a reason; an empty one is none. */
    public String label(String reason) {
        return reason.isEmpty() ? label : label + BEFORE_REASON + reason;
    }

    /** Returns the line of the books that counts this outcome for a reason; an empty one is none. */
    String line(String reason) {
        return reason.isEmpty() ? line : line + BEFORE_REASON + reason;
    }

    /** Returns the label without its reason. */
    static String withoutReason(String named) {
        int end = named.indexOf(BEFORE_REASON);
        return end < 0 ? named : named.substring(0, end);
    }

    /** Returns true if the label is of this outcome, whatever the reason. */
    public boolean isNamedBy(String named) {
        return named.equals(label) || named.startsWith(label + BEFORE_REASON);
    }
}
