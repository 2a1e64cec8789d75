package dev.millrace.alarm;

import dev.millrace.settings.SettingsReader;

/** When the events give an alarm; 0: never. */
public record InputAlarmSettings(
        double orphanClicks, double lateClicks, double cutWeights, double farItems, long misplacedRemovals) {

    public static InputAlarmSettings read(SettingsReader reader) {
        return new InputAlarmSettings(
                AlarmSettings.limit(reader, InputAlarms.Kind.ORPHAN_CLICKS.text(), 0.2, 1),
                AlarmSettings.limit(reader, InputAlarms.Kind.LATE_CLICKS.text(), 0.2, 1),
                AlarmSettings.limit(reader, InputAlarms.Kind.CUT_WEIGHTS.text(), 0.05, 1),
                AlarmSettings.limit(reader, InputAlarms.Kind.FAR_ITEMS.text(), 0.1, 1),
                reader.longInteger(
                        "alarm.misplaced-removals = 0 in [0, 9223372036854775807]: number of misplaced removals that "
                                + "you have sent again; the alarm is active while the books count more"));
    }
}
