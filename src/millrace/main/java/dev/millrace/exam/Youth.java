package dev.millrace.exam;

import dev.millrace.state.Form;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/** How young an item is when a click on it is ranked. */
public enum Youth {
    /** Its time is less than an hour before the click. */
    WITHIN_AN_HOUR("hour", "items younger than an hour"),
    /** Its time is less than a day before the click. */
    WITHIN_A_DAY("day", "items younger than a day"),
    /** Fewer than ten clicks on it were learnt. */
    BEFORE_TEN_CLICKS("ten-clicks", "items with fewer than ten clicks");

    private final String label;
    private final String text;

    Youth(String label, String text) {
        this.label = label;
        this.text = text;
    }

    /** Returns the name in records and metrics. */
    public String label() {
        return label;
    }

    public String text() {
        return text;
    }

    /**
     * Returns how young an item is; empty if it is not.
     *
     * @param millis event time since the item's own
     * @param clicks on it so far
     */
    public static Set<Youth> of(long millis, double clicks) {
        Set<Youth> found = EnumSet.noneOf(Youth.class);
        for (Youth youth : values()) {
            if (youth.is(millis, clicks)) {
                found.add(youth);
            }
        }
        return found;
    }

    /** Writes how young an item is, or reads it. */
    static Set<Youth> fields(Form form, Set<Youth> now) {
        Set<Youth> found = EnumSet.noneOf(Youth.class);
        for (Youth youth : values()) {
            if (form.flag(now.contains(youth))) {
                found.add(youth);
            }
        }
        return found;
    }

    private boolean is(long millis, double clicks) {
        return switch (this) {
            case WITHIN_AN_HOUR -> millis < Duration.ofHours(1).toMillis();
            case WITHIN_A_DAY -> millis < Duration.ofDays(1).toMillis();
            case BEFORE_TEN_CLICKS -> clicks < 10;
        };
    }
}
