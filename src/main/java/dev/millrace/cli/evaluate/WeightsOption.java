package dev.millrace.cli.evaluate;

import dev.millrace.batch.FastPopularity;
import dev.millrace.exam.QueryWeights;
import dev.millrace.model.ModelSettings;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads the weights of a query from the command line: {@code popularity=0.5,like=3}. */
final class WeightsOption {

    private static final String OPTION = "--weights";
    private static final String POPULARITY = "popularity";

    private WeightsOption() {}

    /**
     * @param given the weights of one query each
     * @param popularity weight of popularity if none is given
     * @param channels weights of the channels if none are given, by name
     * @throws InvalidSettingsException if weights cannot be used; it has every fault
     */
    static List<QueryWeights> parsed(
            List<String> given, OptionalDouble popularity, SortedMap<String, Double> channels) {
        List<SettingFault> faults = new ArrayList<>();
        List<QueryWeights> parsed = given.stream()
                .map(text -> parsed(text, popularity, channels, faults))
                .toList();
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        return parsed;
    }

    private static QueryWeights parsed(
            String text, OptionalDouble popularity, SortedMap<String, Double> channels, List<SettingFault> faults) {
        SortedMap<String, Double> all = new TreeMap<>(channels);
        OptionalDouble beta = popularity;
        for (String part : text.split(",", -1)) {
            int split = part.indexOf('=');
            String name = part.substring(0, Math.max(0, split)).strip();
            double weight = number(part.substring(split + 1).strip());
            if (name.equals(POPULARITY)) {
                beta = OptionalDouble.of(weight);
                check(weight, FastPopularity.MAX_WEIGHT, part, faults);
            } else if (channels.containsKey(name)) {
                all.put(name, weight);
                check(weight, ModelSettings.MAX_CHANNEL_WEIGHT, part, faults);
            } else {
                faults.add(new SettingFault(
                        OPTION,
                        part.strip(),
                        "must be name=weight, the name one of " + POPULARITY
                                + (channels.isEmpty() ? "" : ", " + String.join(", ", channels.keySet()))));
            }
        }
        if (!all.isEmpty() && all.values().stream().noneMatch(weight -> weight > 0)) {
            faults.add(new SettingFault(OPTION, text.strip(), "must leave a channel a weight above 0"));
        }
        return new QueryWeights(beta, all);
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException notANumber) {
            return Double.NaN;
        }
    }

    private static void check(double weight, double max, String part, List<SettingFault> faults) {
        if (!(weight >= 0 && weight <= max)) {
            faults.add(new SettingFault(OPTION, part.strip(), "must give a number from 0 to " + max));
        }
    }
}
