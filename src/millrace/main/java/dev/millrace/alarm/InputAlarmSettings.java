package dev.millrace.alarm;

import dev.millrace.settings.SettingsReader;

/** When the events give an alarm; 0: never. */
public record InputAlarmSettings(
        double orphanClicks, double lateClicks, double cutWeights, double farItems, long misplacedRemovals) {

    public static InputAlarmSettings read(SettingsReader reader) {
        return new InputAlarmSettings(
                AlarmSettings.limit(reader, Symptom.ORPHAN_CLICKS),
                AlarmSettings.limit(reader, Symptom.LATE_CLICKS),
                AlarmSettings.limit(reader, Symptom.CUT_WEIGHTS),
                AlarmSettings.limit(reader, Symptom.FAR_ITEMS),
                reader.longInteger(
                        "alarm.misplaced-removals = 0 in [0, 9223372036854775807]: number of misplaced removals that "
                                + "you have sent again; the alarm is active while the books count more"));
    }
}
