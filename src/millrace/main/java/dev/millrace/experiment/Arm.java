package dev.millrace.experiment;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** A part of an experiment's users. */
public enum Arm {
    /** They get the generation that answered before the experiment. */
    CONTROL(1),
    /** They get the generation that is tried. */
    TREATMENT(2);

    private final int code;

    Arm(int code) {
        this.code = code;
    }

    /** Returns the number under which it is stored, above 0. */
    int code() {
        return code;
    }

    /** Returns the arm of a stored number; absent for 0. */
    static Optional<Arm> of(int code) {
        return Arrays.stream(values()).filter(arm -> arm.code == code).findFirst();
    }

    /** Returns the name in answers, topics and reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
