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

    static Finding ok(String check, String what) {
        return new Finding(check, Grade.OK, what, "", "");
    }

    static Finding warn(String check, String what, String why, String command) {
        return new Finding(check, Grade.WARN, what, why, command);
    }

    static Finding fail(String check, String what, String why, String command) {
        return new Finding(check, Grade.FAIL, what, why, command);
    }
}
