package dev.millrace.replay;

import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** The sections of a mapping that name topics of the user's own, as {@code millrace map} reads them. Those of files alone are left out. */
public final class MappedTopics {

    private static final String KEY = "map.mapping";

    private final Path file;
    private final Map<String, List<Section>> sections = new LinkedHashMap<>(); // by topic

    /** What one section makes of the rows of a topic. */
    sealed interface Section {}

    /** A log, or a part of one. */
    record Log(LogMapping mapping, LogFile events, List<String> columns) implements Section {}

    /** A table of users or items. */
    record Table(EntryMapping mapping, Source source, List<String> columns) implements Section {}

    private MappedTopics(Path file) {
        this.file = file;
    }

    /**
     * Reads a mapping.
     *
     * @throws InvalidSettingsException if it cannot be used, or names no topic; it has every fault
     */
    public static MappedTopics read(Path mapping) {
        Path file = MappedLog.file(mapping);
        Map<String, String> given = MappedLog.properties(file);
        SettingsReader reader = new SettingsReader(given);
        reader.flag("sorted = false: whether the rows of each file are in time order, and need no memory");
        MappedTopics topics = new MappedTopics(file);
        for (Source source : List.of(Source.ITEM, Source.USER)) { // a row's features stand before its events
            String name = source == Source.ITEM ? "items" : "users";
            if (MappedLog.has(given, name)) {
                TableMapping table = new TableMapping(reader, name);
                EntryMapping entries = new EntryMapping(table, source);
                table.topics().forEach(topic -> topics.add(topic, new Table(entries, source, table.columns())));
            }
        }
        for (String name : List.of("log", "exposures", "clicks")) {
            if (MappedLog.has(given, name)) {
                TableMapping table = new TableMapping(reader, name);
                LogMapping log = new LogMapping(reader, table, !name.equals("clicks"), !name.equals("exposures"));
                reader.require(
                        !log.givesTimes(),
                        table.key("window.length"),
                        given.getOrDefault(table.key("window.length"), ""),
                        "must be 0s for topics, whose records have times");
                table.topics().forEach(topic -> topics.add(topic, log(topic, log, table.columns())));
            }
        }
        reader.finish();
        if (topics.sections.isEmpty()) {
            throw topics.unusable("must name a topic, such as clicks.topics = page-views");
        }
        return topics;
    }

    private static Log log(String topic, LogMapping log, List<String> columns) {
        RowFile rows = new RowFile(Path.of(topic), new RowFormat.JsonLines(StandardCharsets.UTF_8), columns);
        return new Log(log, log.files(List.of(rows)).get(0), columns);
    }

    private void add(String topic, Section section) {
        sections.computeIfAbsent(topic, first -> new ArrayList<>()).add(section);
    }

    /** Names of the topics. */
    public SortedSet<String> names() {
        return new TreeSet<>(sections.keySet());
    }

    List<Section> of(String topic) {
        return sections.getOrDefault(topic, List.of());
    }

    /**
     * Checks what is not in the mapping: that no topic is one that Millrace itself reads or writes, and that whoever has features has all of them in one task.
     *
     * @param own topics of Millrace
     * @param partitions number of partitions of a topic
     */
    public void require(Collection<String> own, ToIntFunction<String> partitions) {
        Set<String> taken = new HashSet<>(own);
        taken.retainAll(names());
        if (!taken.isEmpty()) {
            throw unusable("must not name " + String.join(", ", taken) + ", which is a topic of Millrace itself");
        }
        Map<Source, Map<String, Integer>> counts = new EnumMap<>(Source.class);
        sections.forEach((topic, each) -> each.stream()
                .flatMap(section -> sources(section).stream())
                .forEach(source -> counts.computeIfAbsent(source, first -> new LinkedHashMap<>())
                        .put(topic, partitions.applyAsInt(topic))));
        counts.forEach((source, found) -> {
            if (new HashSet<>(found.values()).size() > 1) {
                throw unusable("must take the features of " + (source == Source.ITEM ? "an item" : "a user")
                        + " from topics with the same number of partitions, as they are put together where their"
                        + " records are; found "
                        + found.entrySet().stream()
                                .map(one -> one.getKey() + " with " + one.getValue())
                                .collect(Collectors.joining(", ")));
            }
        });
    }

    private static Set<Source> sources(Section section) {
        if (section instanceof Table table) {
            return EnumSet.of(table.source);
        }
        DeclaredFeatures declared = new DeclaredFeatures();
        ((Log) section).mapping.declare(declared);
        return declared.sources();
    }

    private InvalidSettingsException unusable(String rule) {
        return new InvalidSettingsException(List.of(new SettingFault(KEY, file.toString(), rule)));
    }
}
