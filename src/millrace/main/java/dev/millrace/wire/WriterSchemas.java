package dev.millrace.wire;

import dev.millrace.avro.AnswerRecord;
import dev.millrace.avro.AttributionCommitRecord;
import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.GenerationRecord;
import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.ItemNeighboursRecord;
import dev.millrace.avro.MiniBatchRecord;
import dev.millrace.avro.ModelUpdateRecord;
import dev.millrace.avro.OperatorActionRecord;
import dev.millrace.avro.ProgressRecord;
import dev.millrace.avro.ServingRecord;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserEvent;
import dev.millrace.avro.UserFeaturesRecord;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * The schemas that a single-object value may have been written with: today's, those of earlier releases, and those of a directory
 * that the operator fills for producers which are ahead or have fields of their own.
 */
final class WriterSchemas {

    private static final String PAST = "past-schemas.jsonl";

    /** Schemas of the topics' values. */
    static final List<Schema> TODAY = List.of(
            ExposureEvent.getClassSchema(),
            ClickEvent.getClassSchema(),
            UserEvent.getClassSchema(),
            ItemEvent.getClassSchema(),
            TrainingRecord.getClassSchema(),
            AttributionCommitRecord.getClassSchema(),
            MiniBatchRecord.getClassSchema(),
            ItemEmbeddingRecord.getClassSchema(),
            UserFeaturesRecord.getClassSchema(),
            ModelUpdateRecord.getClassSchema(),
            ItemNeighboursRecord.getClassSchema(),
            ProgressRecord.getClassSchema(),
            ServingRecord.getClassSchema(),
            GenerationRecord.getClassSchema(),
            OperatorActionRecord.getClassSchema(),
            AnswerRecord.getClassSchema());

    private WriterSchemas() {}

    /**
     * All of them by fingerprint, with fields renamed to ours.
     *
     * @param directory of {@code .avsc} files, each a schema that is whole
     * @throws InvalidSettingsException if the directory cannot be read, or files of it are no schemas
     */
    static Map<Long, Schema> all(Optional<Path> directory) {
        Map<Long, Schema> schemas = new HashMap<>();
        Stream.of(TODAY, past(), directory.map(WriterSchemas::in).orElse(List.of()))
                .flatMap(List::stream)
                .forEach(schema -> schemas.put(SchemaNormalization.parsingFingerprint64(schema), inOurNames(schema)));
        return schemas;
    }

    /**
     * The same schema for the same bytes: ours if it is that, else with fields renamed to ours. A field that we do not have gets the
     * name of its alias that we have. Avro itself looks at the reader's aliases only, but it is producers who rename.
     */
    static Schema inOurNames(Schema writer) {
        Optional<Schema> ours = TODAY.stream()
                .filter(schema -> schema.getFullName().equals(writer.getFullName()))
                .findFirst();
        if (ours.isEmpty() || writer.getType() != Schema.Type.RECORD) {
            return writer;
        }
        if (SchemaNormalization.toParsingForm(writer).equals(SchemaNormalization.toParsingForm(ours.get()))) {
            return ours.get();
        }
        List<Schema.Field> fields = writer.getFields().stream()
                .map(field -> {
                    String name = ours.get().getField(field.name()) != null
                            ? field.name()
                            : field.aliases().stream()
                                    .filter(alias ->
                                            ours.get().getField(alias) != null && writer.getField(alias) == null)
                                    .findFirst()
                                    .orElse(field.name());
                    return new Schema.Field(name, field.schema(), field.doc(), field.defaultVal(), field.order());
                })
                .toList();
        return Schema.createRecord(writer.getName(), writer.getDoc(), writer.getNamespace(), false, fields);
    }

    /** The schemas that earlier releases wrote with. When a schema changes, its old form is added here. */
    static List<Schema> past() {
        try (InputStream resource =
                Objects.requireNonNull(WriterSchemas.class.getResourceAsStream(PAST), "this program's own " + PAST)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> new Schema.Parser().parse(line))
                    .toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("reading this program's own " + PAST, unreadable);
        }
    }

    private static List<Schema> in(Path directory) {
        List<Schema> schemas = new ArrayList<>();
        List<SettingFault> faults = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".avsc"))
                    .sorted()
                    .toList()) {
                try {
                    String text = SchemaBounds.checked(Files.readString(file, StandardCharsets.UTF_8));
                    Schema schema = SchemaBounds.checked(new Schema.Parser().parse(text));
                    inOurNames(schema); // refuses two fields that would get one name
                    schemas.add(schema);
                } catch (AvroRuntimeException broken) {
                    faults.add(fault(
                            directory,
                            file.getFileName() + " is no Avro schema that is whole: " + broken.getMessage()));
                }
            }
        } catch (IOException unreadable) {
            faults.add(fault(directory, "must be readable: " + unreadable));
        }
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        return schemas;
    }

    private static SettingFault fault(Path directory, String rule) {
        return new SettingFault("schema.directory", directory.toString(), rule);
    }
}
