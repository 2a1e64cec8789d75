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

    /** Returns the name in books, reports and metrics. The name of the topic in the cluster may differ. */
    public String label() {
        return label;
    }
}
