package dev.millrace.diagnosis;

import java.util.Locale;

/**
 * The result of one check.
 *
 * @param check its name
 * @param what was found
 * @param why it matters; empty if all is well
 * @param command that mends it; empty if all is well
 */
public record Finding(String check, Grade grade, String what, String why, String command) {

    /** How bad it is. */
    public enum Grade {
        /** Nothing is wrong. */
        OK,
        /** It works, and may not for long, or not as well as it could. */
        WARN,
        /** Something does not work, or answers are worse than without a model. */
        FAIL;

        /** Its name, as it is printed. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
