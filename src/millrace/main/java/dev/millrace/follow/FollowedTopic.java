package dev.millrace.follow;

import java.util.Locale;

/** A topic that the server follows. */
public enum FollowedTopic {
    GENERATIONS,
    ITEM_EMBEDDINGS,
    MODEL_UPDATES,
    ITEM_NEIGHBOURS,
    USER_FEATURES;

    /** Its logical name, as {@code /readyz} gives it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
