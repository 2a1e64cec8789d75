package dev.millrace.alarm;

import dev.millrace.settings.SettingsReader;

/** When the events give an alarm. */
public record InputAlarmSettings(double orphanClicks, double lateClicks, double cutWeights, long misplacedRemovals) {

    public static InputAlarmSettings read(SettingsReader reader) {
        return new InputAlarmSettings(
                reader.number("alarm." + InputAlarms.Kind.ORPHAN_CLICKS.text()
                        + " = 0.2 in [0, 1]: highest share of the last hundred clicks that may find no "
                        + "exposure; 0: no such alarm"),
                reader.number("alarm." + InputAlarms.Kind.LATE_CLICKS.text()
                        + " = 0.2 in [0, 1]: highest share of the last hundred clicks that may come after the "
                        + "window of their exposure; 0: no such alarm"),
                reader.number("alarm." + InputAlarms.Kind.CUT_WEIGHTS.text()
                        + " = 0.05 in [0, 1]: highest share of the last hundred clicks that may weigh more "
                        + "than attribution.max-weight; 0: no such alarm"),
                reader.longInteger("alarm." + InputAlarms.Kind.MISPLACED_REMOVALS.text()
                        + " = 0 in [0, 9223372036854775807]: removals of users and items that were rejected "
                        + "for their partition and have been sent again; there is an alarm while the "
                        + "books have more"));
    }
}
