package dev.millrace.app;

import dev.millrace.alarm.InputAlarmSettings;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.checkpoint.LearnerSettings;
import dev.millrace.ingest.IngestSettings;
import dev.millrace.serve.ServeSettings;
import dev.millrace.serve.TrainServerSettings;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingDoc;
import dev.millrace.settings.SettingsReader;
import dev.millrace.stream.StreamSettings;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicSettings;
import dev.millrace.topic.transaction.TransactionAdmin;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.WireSettings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All settings of all parts, read together so that all faults are reported together.
 *
 * @param attributionKept those of {@link #attribution} that its state depends on
 * @param trainerTexts what {@link #trainer} was read from, by key, defaults included
 * @param values what was given, by key
 */
public record MillraceSettings(
        AttributionSettings attribution,
        KeptSettings attributionKept,
        TrainerSettings trainer,
        SortedMap<String, String> trainerTexts,
        ClientSettings clients,
        TopicSettings topics,
        WireSettings wire,
        StreamSettings stream,
        ServeSettings serve,
        TrainServerSettings trainServer,
        IngestSettings ingest,
        InputAlarmSettings inputAlarms,
        SortedMap<String, String> values) {

    /** Lists of names, each with what the keys of a name begin with. */
    private static final Map<String, String> LISTS = Map.of(
            "features.user", "features.user.",
            "features.item", "features.item.",
            "tower.channels", "tower.channel.");

    private static final String CONFIG = "--config";
    private static final String ENVIRONMENT_PREFIX = "MILLRACE_";
    private static final String FAMILY = ".*";

    /** What an {@link Extension} reads its own settings from. */
    public SettingsReader reader() {
        return new SettingsReader(values);
    }

    /** The cluster, as a reader of the topics needs it. */
    public Cluster cluster() {
        return new Cluster(clients, topics.names(), new AvroWire(wire));
    }

    /** Open transactions on all that the trainers of this cluster write. */
    public TransactionAdmin transactions() {
        return new TransactionAdmin(clients, topics.names().outputs(), stream.applicationIds());
    }

    /** What the learner is told. */
    public LearnerSettings learner() {
        return new LearnerSettings(trainer, trainerTexts);
    }

    /**
     * Settings from, in rising precedence: the given defaults, files, environment, command line.
     *
     * @param files of {@code key = value} lines; a later one goes before an earlier one
     * @param byDefault what holds unless one of the others says otherwise, such as the mode a data set asks for
     * @param environment where {@code MILLRACE_BATCH_SIZE} stands for {@code batch.size}: upper case, each dot and dash an
     *     underscore
     * @param given on the command line, by key
     * @throws InvalidSettingsException with every fault
     */
    public static MillraceSettings load(
            List<Path> files,
            Map<String, String> byDefault,
            Map<String, String> environment,
            Map<String, String> given) {
        SortedMap<String, String> values = new TreeMap<>(byDefault);
        Path here = Path.of("");
        Map<String, String> said = GraphFile.contents(given, here);
        files.forEach(file -> layer(read(file), values));
        layer(GraphFile.contents(fromEnvironment(values, environment, said), here), values);
        layer(said, values);
        return read(values, new SettingsReader(values), true);
    }

    private static Map<String, String> read(Path file) {
        Map<String, String> values = SettingsFile.read(CONFIG, file, "a settings file of key = value lines");
        return GraphFile.contents(values, file.resolveSibling(""));
    }

    /** The settings reference: every key with type, default and meaning. */
    public static List<SettingDoc> reference() {
        SettingsReader reader = new SettingsReader(Map.of());
        read(Map.of(), reader, true);
        return reader.documented();
    }

    private static MillraceSettings read(Map<String, String> values, SettingsReader reader, boolean isLast) {
        MillraceSettings settings = new MillraceSettings(
                AttributionSettings.read(reader),
                AttributionSettings.kept(values),
                TrainerSettings.read(reader),
                trainerTexts(values),
                ClientSettings.read(reader),
                TopicSettings.read(reader),
                WireSettings.read(reader),
                StreamSettings.read(reader),
                ServeSettings.read(reader),
                TrainServerSettings.read(reader),
                IngestSettings.read(reader),
                InputAlarmSettings.read(reader),
                new TreeMap<>(values));
        Extension.ALL.forEach(extension -> extension.readSettings(reader));
        if (isLast) {
            reader.finish();
        }
        return settings;
    }

    private static SortedMap<String, String> trainerTexts(Map<String, String> values) {
        SettingsReader own = new SettingsReader(values); // its faults are those of the reader of all
        TrainerSettings.read(own);
        return own.effective();
    }

    /** Puts settings over others; where they list other names, what was said of names that they leave out goes. */
    private static void layer(Map<String, String> above, SortedMap<String, String> values) {
        LISTS.forEach((list, prefix) -> {
            String names = above.get(list);
            String before = values.get(list);
            if (names != null && before != null) {
                Set<String> left = new HashSet<>(names(before));
                left.removeAll(names(names));
                left.forEach(name -> values.keySet().removeIf(key -> key.startsWith(prefix + name + ".")));
            }
        });
        values.putAll(above);
    }

    private static List<String> names(String list) {
        return Arrays.stream(list.split(",", -1)).map(String::strip).toList();
    }

    private static Map<String, String> fromEnvironment(
            Map<String, String> fromFile, Map<String, String> environment, Map<String, String> given) {
        Map<String, String> found = new TreeMap<>();
        int before;
        do { // which keys exist depends on the values: features declare keys of their own
            before = found.size();
            SortedMap<String, String> values = new TreeMap<>(fromFile);
            values.putAll(found);
            values.putAll(given);
            SettingsReader reader = new SettingsReader(values);
            read(values, reader, false);
            for (SettingDoc doc : reader.documented()) {
                String name = environmentName(doc.key());
                if (doc.key().endsWith(FAMILY)) {
                    found.putAll(family(doc.key(), environment));
                } else if (environment.containsKey(name)) {
                    found.put(doc.key(), environment.getOrDefault(name, ""));
                }
            }
        } while (found.size() > before);
        return found;
    }

    /** Keys of a family have dots only: {@code MILLRACE_KAFKA_SECURITY_PROTOCOL} is {@code kafka.security.protocol}. */
    private static Map<String, String> family(String key, Map<String, String> environment) {
        String prefix = environmentName(key.substring(0, key.length() - 1));
        Map<String, String> found = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                found.put(
                        name.substring(ENVIRONMENT_PREFIX.length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.'),
                        value);
            }
        });
        return found;
    }

    private static String environmentName(String key) {
        return ENVIRONMENT_PREFIX
                + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }
}
