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
import dev.millrace.wire.WireSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
        MapSettings map,
        IngestSettings ingest,
        InputAlarmSettings inputAlarms,
        SortedMap<String, String> values) {

    /** What an {@link Extension} reads its own settings from. */
    public SettingsReader reader() {
        return new SettingsReader(values);
    }

    /** The attribution's, with those that its state keeps in the place of those given. */
    public AttributionSettings attribution(KeptSettings kept) {
        return AttributionSettings.read(new SettingsReader(kept.inPlaceOf(attributionKept, values)));
    }

    /** The cluster, as a reader of the topics needs it. */
    public Cluster cluster() {
        return new ClusterSettings(clients, topics, wire).cluster();
    }

    /** Open transactions on all that the trainers of this cluster write. */
    public TransactionAdmin transactions() {
        return new TransactionAdmin(clients, topics.names().outputs(), stream.applicationIds());
    }

    /** Open transactions on all that trainers and {@code millrace map} write. */
    public TransactionAdmin allTransactions() {
        return new TransactionAdmin(clients, topics.names().inTransactions(), stream.applicationIds());
    }

    /** What the learner is told. */
    public LearnerSettings learner() {
        return new LearnerSettings(trainer, trainerTexts);
    }

    /** As {@link #load(SettingsSources)}. */
    public static MillraceSettings load(
            List<Path> files,
            Map<String, String> byDefault,
            Map<String, String> environment,
            Map<String, String> given) {
        return load(new SettingsSources(files, byDefault, environment, given));
    }

    /** @throws InvalidSettingsException with every fault */
    public static MillraceSettings load(SettingsSources sources) {
        Map<String, String> values = sources.values(MillraceSettings::whole, reader -> read(Map.of(), reader, false));
        return read(values, new SettingsReader(values), true);
    }

    private static Map<String, String> whole(Map<String, String> settings, Path folder) {
        return MapSettings.resolved(GraphFile.contents(settings, folder), folder);
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
                MapSettings.read(reader),
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
}
