package dev.millrace.draft;

import dev.millrace.draft.FeatureDrafts.Feature;
import dev.millrace.draft.FeatureDrafts.Owner;
import dev.millrace.replay.LogSample;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What the columns of a log are, as far as its first rows tell. */
public final class LogDraft {

    private final LogSample sample;
    private final KeyColumns keys;
    private final Deeds deeds;
    private final FeatureDrafts features;

    private LogDraft(LogSample sample, KeyColumns keys, Deeds deeds, FeatureDrafts features) {
        this.sample = sample;
        this.keys = keys;
        this.deeds = deeds;
        this.features = features;
    }

    /**
     * Judges the columns.
     *
     * @param given columns that are settled, by role
     * @throws InvalidSettingsException if a given column is none of the log, or cannot have its role
     * @throws UndecidedColumnException if two columns have the same name, or if user, item or time cannot be told
     */
    public static LogDraft of(LogSample sample, Map<Role, String> given) {
        if (sample.rows() == 0) {
            throw new UndecidedColumnException("cannot tell the columns: " + sample.file() + " has no rows");
        }
        requireDistinct(sample.columns());
        List<ColumnFacts> columns =
                sample.columns().stream().map(ColumnFacts::of).toList();
        Map<Role, ColumnFacts> settled = settled(columns, given);
        KeyColumns keys = KeyColumns.of(columns, settled);
        List<ColumnFacts> others =
                columns.stream().filter(column -> !keys.isKey(column)).toList();
        Deeds deeds = Deeds.of(others, Optional.ofNullable(settled.get(Role.CLICK)));
        boolean isNamed = !sample.written().containsKey("columns");
        return new LogDraft(sample, keys, deeds, FeatureDrafts.of(columns, isNamed, keys, deeds));
    }

    /** A column without a name is left out, so there may be several. */
    private static void requireDistinct(List<LogSample.Column> columns) {
        Set<String> names = new HashSet<>();
        for (LogSample.Column column : columns) {
            if (!names.add(column.name()) && !column.name().isEmpty()) {
                throw new UndecidedColumnException("cannot tell the columns apart: the header names \"" + column.name()
                        + "\" more than once; give each column a name of its own");
            }
        }
    }

    /** The choice of each role. */
    public Map<String, Choice> choices() {
        Map<String, Choice> choices = new LinkedHashMap<>();
        for (Role role : Role.values()) {
            choices.put(role.label(), role == Role.CLICK ? deeds.choice() : keys.reason(role));
        }
        return choices;
    }

    /** The features that are in doubt, by column. */
    public List<Choice> doubtfulFeatures() {
        return features.features().stream()
                .map(Feature::choice)
                .filter(choice -> choice.doubt().isPresent())
                .toList();
    }

    /** The columns that become no part of an event. */
    public List<Choice> leftOut() {
        return features.leftOut();
    }

    /** The names of the features, of user, item and context. */
    public Map<String, String> features() {
        Map<String, String> names = new LinkedHashMap<>();
        for (Owner owner : Owner.values()) {
            names.put(
                    owner.label(),
                    features.of(owner).stream().map(Feature::name).collect(Collectors.joining(", ")));
        }
        return names;
    }

    /**
     * The text of the mapping.
     *
     * @param file name of the log for the mapping
     */
    public String mapping(String file) {
        return new DraftText(sample, keys, deeds, features).mapping(file);
    }

    /** The text of the settings. */
    public String settings() {
        return new DraftText(sample, keys, deeds, features).settings();
    }

    private static Map<Role, ColumnFacts> settled(List<ColumnFacts> columns, Map<Role, String> given) {
        Map<Role, ColumnFacts> settled = new EnumMap<>(Role.class);
        List<SettingFault> faults = new ArrayList<>();
        given.forEach((role, name) -> {
            Optional<ColumnFacts> found = columns.stream()
                    .filter(column -> column.name().equals(name))
                    .findFirst();
            if (found.isEmpty()) {
                faults.add(new SettingFault(
                        role.option(),
                        name,
                        "must be a column of the log, which has "
                                + columns.stream().map(ColumnFacts::name).collect(Collectors.joining(", "))));
            } else if (role == Role.TIME && found.get().time().isEmpty()) {
                faults.add(new SettingFault(role.option(), name, "must hold times from 1990 to 2100"));
            } else if (role == Role.CLICK && !found.get().isFlag()) {
                faults.add(
                        new SettingFault(role.option(), name, "must hold values for yes and for no, such as 1 and 0"));
            } else if (settled.containsValue(found.get())) {
                faults.add(new SettingFault(
                        role.option(), name, "must be another column than those of the other options"));
            } else {
                settled.put(role, found.get());
            }
        });
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        return settled;
    }
}
