package dev.millrace.alarm;

import dev.millrace.exam.RankingTotals;
import dev.millrace.settings.SettingsReader;
import java.util.EnumMap;
import java.util.Map;

/** When the model gives an alarm. */
public record AlarmSettings(
        int everySteps, int sample, int recallWindow, int recallAt, Map<Alarm.Kind, Double> limits) {

    public AlarmSettings {
        limits = Map.copyOf(limits);
    }

    public static AlarmSettings read(SettingsReader reader) {
        Map<Alarm.Kind, Double> limits = new EnumMap<>(Alarm.Kind.class);
        limit(
                reader,
                limits,
                Alarm.Kind.EMBEDDING_COLLAPSE,
                0.99,
                1,
                "highest mean cosine of two items; above it vectors have collapsed");
        limit(
                reader,
                limits,
                Alarm.Kind.NORM_DRIFT,
                100,
                1e9,
                "factor by which the mean length of items' vectors before normalisation may grow or shrink");
        limit(
                reader,
                limits,
                Alarm.Kind.MASKED_LOGITS,
                0.5,
                1,
                "share of logits that may be masked as accidental hits");
        limit(
                reader,
                limits,
                Alarm.Kind.REPEATED_ITEMS,
                0.9,
                1,
                "highest share of a batch's examples whose item an earlier example has");
        limit(
                reader,
                limits,
                Alarm.Kind.SATURATED_PROBABILITY,
                0.5,
                1,
                "highest median of the estimated probability of a positive; above it the estimator is saturated");
        limit(
                reader,
                limits,
                Alarm.Kind.GRADIENT_NORM,
                10,
                1e9,
                "factor by which the networks' gradient norm may exceed its trend");
        limit(
                reader,
                limits,
                Alarm.Kind.RECALL_BELOW_POPULARITY,
                1,
                10,
                "share of popularity's recall that the model must reach");
        limit(
                reader,
                limits,
                Alarm.Kind.VECTOR_AGE,
                1.1,
                1e9,
                "factor by which the oldest published vector may be older than its bounds allow");
        limit(
                reader,
                limits,
                Alarm.Kind.ITEM_SURGE,
                0.05,
                1,
                "share of the clicks between two measurements that one item may have beyond ten times its share before; "
                        + "above it many accounts may act together");
        int recallAt = reader.integer(
                "alarm.recall-at = 100 in [10, 100]: k of the recall that is compared with popularity's: 10, 20, 50 or 100");
        reader.require(
                RankingTotals.CUTOFFS.contains(recallAt),
                "alarm.recall-at",
                recallAt,
                "must be one of " + RankingTotals.CUTOFFS);
        return new AlarmSettings(
                reader.integer(
                        "alarm.every-steps = 50 in [1, 1000000]: learnt steps between two measurements of the model"),
                reader.integer("alarm.sample = 64 in [2, 4096]: items whose vectors are measured"),
                reader.integer("alarm.recall-window = 20000 in [16, 1000000000]: scored events over which the model is "
                        + "compared with popularity"),
                recallAt,
                limits);
    }

    private static void limit(
            SettingsReader reader,
            Map<Alarm.Kind, Double> limits,
            Alarm.Kind kind,
            double byDefault,
            double max,
            String doc) {
        double limit = reader.number(
                "alarm." + kind.text() + " = " + byDefault + " in [0, " + max + "]: " + doc + "; 0: no such alarm");
        if (limit > 0) {
            limits.put(kind, limit);
        }
    }
}
