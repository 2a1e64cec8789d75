package dev.millrace.workshop.evaluate;

import dev.millrace.exam.QueryWeights;
import dev.millrace.model.ModelSettings;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads the weights of a query from the command line: {@code popularity=0.5,like=3}. */
final class WeightsOption {

    private static final String OPTION = "--weights";
    private static final String POPULARITY = "popularity";
    private static final String NEIGHBOURS = "neighbours";

    private WeightsOption() {}

    /**
     * @param given the weights of one query each
     * @param weights beside the channels' if none are given
     * @param channels weights of the channels if none are given, by name
     * @throws InvalidSettingsException if weights cannot be used; it has every fault
     */
    static List<QueryWeights> parsed(List<String> given, GivenWeights weights, SortedMap<String, Double> channels) {
        List<SettingFault> faults = new ArrayList<>();
        List<QueryWeights> parsed = given.stream()
                .map(text -> parsed(text, weights, channels, faults))
                .toList();
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        return parsed;
    }

    private static QueryWeights parsed(
            String text, GivenWeights weights, SortedMap<String, Double> channels, List<SettingFault> faults) {
        SortedMap<String, Double> all = new TreeMap<>(channels);
        GivenWeights own = weights;
        for (String part : text.split(",", -1)) {
            int split = part.indexOf('=');
            String name = part.substring(0, Math.max(0, split)).strip();
            double weight = number(part.substring(split + 1).strip());
            boolean isGiven = name.equals(POPULARITY) || name.equals(NEIGHBOURS);
            double most = isGiven ? GivenWeights.MOST : ModelSettings.MAX_CHANNEL_WEIGHT;
            if (!isGiven && !channels.containsKey(name)) {
                faults.add(new SettingFault(
                        OPTION,
                        part.strip(),
                        "must be name=weight, where name is one of " + POPULARITY + ", " + NEIGHBOURS
                                + (channels.isEmpty() ? "" : ", " + String.join(", ", channels.keySet()))));
            } else if (!(weight >= 0 && weight <= most)) {
                faults.add(new SettingFault(OPTION, part.strip(), "must give a number from 0 to " + most));
            } else if (isGiven) {
                own = name.equals(POPULARITY) ? own.withPopularity(weight) : own.withNeighbours(weight);
            } else {
                all.put(name, weight);
            }
        }
        if (!all.isEmpty() && all.values().stream().noneMatch(weight -> weight > 0)) {
            faults.add(new SettingFault(OPTION, text.strip(), "must give at least one channel a weight above 0"));
        }
        return new QueryWeights(own, all);
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException notANumber) {
            return Double.NaN;
        }
    }
}
