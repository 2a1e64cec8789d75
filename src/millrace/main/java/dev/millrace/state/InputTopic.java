package dev.millrace.state;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The topics whose events the {@link Books} count. */
public enum InputTopic {
    EXPOSURES("exposures"),
    CLICKS("clicks"),
    USERS("users"),
    ITEMS("items"),
    EXAMPLES("training-examples"),
    BATCHES("mini-batches");

    /** Those that producers send to. The application writes the others itself. */
    public static final Set<InputTopic> FROM_PRODUCERS =
            Collections.unmodifiableSet(EnumSet.of(EXPOSURES, CLICKS, USERS, ITEMS));

    private final String label;

    InputTopic(String label) {
        this.label = label;
    }

    /** Returns the name in books, reports and metrics. The name of the topic in the cluster may differ. */
    public String label() {
        return label;
    }
}
