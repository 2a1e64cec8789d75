package dev.millrace.alarm;

import dev.millrace.settings.SettingsReader;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * When the model gives an alarm.
 *
 * @param everySteps learnt steps between two measurements
 * @param sample items whose vectors are measured
 * @param recallWindow scored events over which the model is compared with popularity
 * @param limits limit of each alarm; an alarm that is off has none
 */
public record AlarmSettings(int everySteps, int sample, int recallWindow, SortedMap<Symptom, Double> limits) {

    /** k of the recall that is compared: the largest that exams count, as it has the smallest error. */
    static final int RECALL_AT = 100;

    private static final int EVERY_STEPS = 50; // an alarm is at most that late
    private static final int SAMPLE = 64; // 2,016 pairs, whose mean cosine is compared
    private static final int RECALL_WINDOW = 20_000; // three standard errors of a recall of .05 are a tenth of it

    public AlarmSettings {
        limits = Collections.unmodifiableSortedMap(new TreeMap<>(limits));
    }

    public static AlarmSettings read(SettingsReader reader) {
        SortedMap<Symptom, Double> limits = new TreeMap<>();
        for (Symptom kind : Symptom.OF_MODEL) {
            double limit = limit(reader, kind);
            if (limit > 0) {
                limits.put(kind, limit);
            }
        }
        return new AlarmSettings(EVERY_STEPS, SAMPLE, RECALL_WINDOW, limits);
    }

    static double limit(SettingsReader reader, Symptom symptom) {
        return reader.named(symptom.text())
                .number("alarm.<alarm> = " + symptom.limit() + " in [0, " + symptom.highestLimit()
                        + "]: limit of an alarm; docs/diagnosis.md lists them with their defaults; 0: no such alarm");
    }
}
