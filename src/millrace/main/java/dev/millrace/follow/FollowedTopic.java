package dev.millrace.follow;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** A topic that the server follows. */
public enum FollowedTopic {
    GENERATIONS,
    ITEM_EMBEDDINGS,
    MODEL_UPDATES,
    ITEM_NEIGHBOURS,
    USER_FEATURES;

    /** Its logical name, as {@code /readyz} gives it. */
    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
