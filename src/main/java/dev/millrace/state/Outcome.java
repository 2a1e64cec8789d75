package dev.millrace.state;

/**
 * What can become of an event, as the {@link Books} count it.
 *
 * <p>docs/topics.md, section Outcomes, has the rule of each. The labels are stored and published: renaming one would split its
 * count in two.
 */
public enum Outcome {
    // clicks
    ATTRIBUTED("attributed"),
    LATE("late"),
    LATE_ATTRIBUTED("late-attributed"),
    ORPHAN("orphan"),
    ORPHAN_ATTRIBUTED("orphan-attributed"),
    REPEATED_ACTION("repeated-action"),
    UNTRAINED_ACTION("untrained-action"),

    // exposures
    CLICKED("clicked"),
    UNCLICKED("unclicked"),

    // profiles of users, items of the catalogue
    APPLIED("applied"),
    OUTDATED("outdated"),
    REMOVED("removed"),
    UNCHANGED("unchanged"),

    // any event
    DUPLICATE("duplicate"),
    ERASED("erased"),
    /** Could not be used; the label goes on with the reason. */
    REJECTED("rejected"),

    // training examples and mini-batches
    BEFORE_START("before-start"),
    CATALOGUE_CHANGE("catalogue-change"),
    EXAMINED("examined"),
    LEARNT("learnt"),
    /** Would have harmed the model; the label goes on with the reason. */
    REFUSED("refused"),
    REMOVED_ITEM("removed-item"),
    USER_REMOVAL("user-removal"),
    WITHOUT_POSITIVES("without-positives");

    private static final String BEFORE_REASON = ": ";

    private final String label;

    Outcome(String label) {
        this.label = label;
    }

    /** Its name in the books, in reports and in metrics. */
    public String label() {
        return label;
    }

    /** The name of this outcome for one of several reasons. */
    public String label(String reason) {
        return label + BEFORE_REASON + reason;
    }

    /** Returns true if the label is of this outcome, for whatever reason. */
    public boolean isNamedBy(String named) {
        return named.equals(label) || named.startsWith(label + BEFORE_REASON);
    }
}
