package dev.millrace.experiment;

import java.util.Locale;

/** A part of an experiment's users. */
public enum Arm {
    /** They get the generation that answered before the experiment. */
    CONTROL,
    /** They get the generation that is tried. */
    TREATMENT;

    /** Returns the name in answers, topics and reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
