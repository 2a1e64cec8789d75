package dev.millrace.settings;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The settings that the bits of a state depend on, as texts by key. They are kept with the state, which goes on under the same ones
 * only.
 *
 * <p>A part of the settings says itself which these are: all that it reads but for what it reads as {@linkplain
 * SettingsReader#free free}.
 *
 * @param texts by key, defaults included
 */
public record KeptSettings(SortedMap<String, String> texts) {

    /** Of a state that has none: a new one, or one of a version that kept none. */
    public static final KeptSettings NONE = new KeptSettings(new TreeMap<>());

    private static final String ABSENT = "(not a setting)";

    public KeptSettings {
        texts = Collections.unmodifiableSortedMap(new TreeMap<>(texts));
    }

    /**
     * Those of one part.
     *
     * @param given settings of all parts, by key
     * @param part reads its own
     */
    public static KeptSettings of(Map<String, String> given, Consumer<SettingsReader> part) {
        SettingsReader own = new SettingsReader(given);
        part.accept(own);
        return new KeptSettings(own.kept());
    }

    public boolean isEmpty() {
        return texts.isEmpty();
    }

    /**
     * A setting that is another here than with a state.
     *
     * @param here value here
     * @param ofState value that is kept with the state
     */
    public record Difference(String key, String here, String ofState) {

        /** @param whose names the state */
        public SettingFault fault(String whose) {
            return new SettingFault(
                    key,
                    here,
                    "must be " + (ofState.isEmpty() ? "empty" : SettingFault.shown(ofState)) + ", as for " + whose);
        }
    }

    /**
     * Returns what differs from the settings of a state. A setting that the state has not is no difference: the version that began the
     * state did not know it.
     */
    public List<Difference> differences(KeptSettings ofState) {
        List<Difference> differences = new ArrayList<>();
        ofState.texts.forEach((key, value) -> {
            String here = texts.getOrDefault(key, ABSENT);
            if (!here.equals(value)) {
                differences.add(new Difference(key, here, value));
            }
        });
        return differences;
    }

    /**
     * Requires the settings of a state.
     *
     * @param whose names the state
     * @throws InvalidSettingsException if any differs
     */
    public void require(KeptSettings ofState, String whose) {
        List<SettingFault> faults = differences(ofState).stream()
                .map(difference -> difference.fault(whose))
                .toList();
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
    }

    /** Returns those that a state has not. */
    public KeptSettings without(KeptSettings ofState) {
        SortedMap<String, String> more = new TreeMap<>(texts);
        more.keySet().removeAll(ofState.texts.keySet());
        return new KeptSettings(more);
    }

    /** Returns given settings of a part, with these in place of those that the part keeps. */
    public SortedMap<String, String> inPlaceOf(KeptSettings kept, Map<String, String> given) {
        SortedMap<String, String> all = new TreeMap<>(given);
        all.keySet().removeAll(kept.texts.keySet());
        all.putAll(texts);
        return all;
    }
}
