package dev.millrace.draft;

import dev.millrace.replay.LogSample;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What the columns of a log are, as far as its first rows tell. */
public final class LogDraft {

    private final KeyColumns keys;
    private final Interactions interactions;
    private final FeatureDrafts features;
    private final DraftText text;

    private LogDraft(LogSample sample, KeyColumns keys, Interactions interactions, FeatureDrafts features) {
        this.keys = keys;
        this.interactions = interactions;
        this.features = features;
        this.text = new DraftText(sample, keys, interactions, features);
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
        Interactions interactions = Interactions.of(others, Optional.ofNullable(settled.get(Role.CLICK)));
        boolean isNamed = !sample.written().containsKey("columns");
        return new LogDraft(sample, keys, interactions, FeatureDrafts.of(columns, isNamed, keys, interactions));
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

    /** What each column is taken for: user, item, time and click, then the features, then what is left out. */
    public List<Choice> choices() {
        List<Choice> choices = new ArrayList<>(keys.choices());
        choices.add(interactions.choice());
        features.features().forEach(feature -> choices.add(feature.choice()));
        choices.addAll(features.leftOut());
        return choices;
    }

    /**
     * The text of the mapping.
     *
     * @param file name of the log for the mapping
     * @param topic that the log is a sample of; absent if it is of none
     */
    public String mapping(String file, Optional<String> topic) {
        return text.mapping(file, topic);
    }

    /** The text of the settings. */
    public String settings() {
        return text.settings();
    }

    private static Map<Role, ColumnFacts> settled(List<ColumnFacts> columns, Map<Role, String> given) {
        Map<Role, ColumnFacts> settled = new EnumMap<>(Role.class);
        List<SettingFault> faults = new ArrayList<>();
        given.forEach((role, name) -> {
            Optional<ColumnFacts> found = columns.stream()
                    .filter(column -> column.name().equals(name))
                    .findFirst();
            Optional<String> rule = found.isEmpty()
                    ? Optional.of("must be a column of the log, which has "
                            + columns.stream().map(ColumnFacts::name).collect(Collectors.joining(", ")))
                    : unfit(role, found.get(), settled);
            rule.ifPresentOrElse(
                    broken -> faults.add(new SettingFault(role.option(), name, broken)),
                    () -> settled.put(role, found.orElseThrow()));
        });
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        return settled;
    }

    private static Optional<String> unfit(Role role, ColumnFacts column, Map<Role, ColumnFacts> settled) {
        if (role == Role.TIME && column.time().isEmpty()) {
            return Optional.of("must hold times from 1990 to 2100");
        }
        if (role == Role.CLICK && !column.isFlag()) {
            return Optional.of("must hold values for yes and for no, such as 1 and 0");
        }
        return settled.containsValue(column)
                ? Optional.of("must be another column than those of the other options")
                : Optional.empty();
    }
}
