package dev.millrace.state;

/** The topics whose events the {@link Books} count. */
public enum InputTopic {
    EXPOSURES("exposures"),
    CLICKS("clicks"),
    USERS("users"),
    ITEMS("items"),
    EXAMPLES("training-examples"),
    BATCHES("mini-batches");

    private final String label;

    InputTopic(String label) {
        this.label = label;
    }

    /** Its name in the books, in reports and in metrics; the topic in the cluster may be called otherwise. */
    public String label() {
        return label;
    }
}
