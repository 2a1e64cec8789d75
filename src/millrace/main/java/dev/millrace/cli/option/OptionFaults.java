package dev.millrace.cli.option;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.List;

/** Faults of options, found before a command reads data or asks a broker. */
public final class OptionFaults {

    private OptionFaults() {}

    /** Checks an option that is a number. */
    public static void require(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw unusable(
                    option,
                    Long.toString(value),
                    most == Long.MAX_VALUE ? "must be at least " + least : "must be from " + least + " to " + most);
        }
    }

    public static void requireAtLeastOne(String option, long value) {
        require(option, value, 1, Long.MAX_VALUE);
    }

    public static InvalidSettingsException unusable(String option, String value, String rule) {
        return new InvalidSettingsException(List.of(new SettingFault(option, value, rule)));
    }
}
