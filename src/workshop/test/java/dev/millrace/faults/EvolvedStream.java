package dev.millrace.faults;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.UserEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.avro.Schema;

/** A stream of producers whose schemas are not ours: each event is written by the next of them, and some by one that does not fit. */
record EvolvedStream(SeededStream good) implements Input {

    private static final int GOOD_TO_ONE = 50;

    /** Fields that {@link SeededStream} leaves at our default. */
    private static final Set<String> LEFT_OUT = Set.of("produced_at", "context", "action", "weight");

    /** How a producer's schema came from ours. */
    enum Evolution {
        TODAY,
        EXTENDED,
        LEANER,
        REORDERED,
        /** Every field has another name, and ours as an alias. */
        RENAMED,
        /** A time that is a text. */
        INCOMPATIBLE;

        Schema of(Schema ours) {
            List<Schema.Field> fields = new ArrayList<>();
            for (Schema.Field field : ours.getFields()) {
                if (this == RENAMED) {
                    Schema.Field renamed =
                            new Schema.Field("their_" + field.name(), field.schema(), field.doc(), field.defaultVal());
                    renamed.addAlias(field.name());
                    fields.add(renamed);
                } else if (this == INCOMPATIBLE && field.name().equals("time")) {
                    fields.add(new Schema.Field(field.name(), Schema.create(Schema.Type.STRING), field.doc()));
                } else if (this != LEANER || !LEFT_OUT.contains(field.name())) {
                    fields.add(new Schema.Field(field, field.schema()));
                }
            }
            if (this == EXTENDED) {
                fields.add(1, new Schema.Field("experiment", Schema.create(Schema.Type.STRING), "their own", "none"));
            } else if (this == REORDERED) {
                Collections.reverse(fields);
            }
            return Schema.createRecord(ours.getName(), ours.getDoc(), ours.getNamespace(), false, fields);
        }
    }

    private static final List<Evolution> FITTING =
            List.of(Evolution.TODAY, Evolution.EXTENDED, Evolution.LEANER, Evolution.REORDERED, Evolution.RENAMED);

    /** Writes all schemas to a directory, as operators put them there. */
    static void writeSchemas(Path directory) throws IOException {
        Files.createDirectories(directory);
        for (Schema ours :
                List.of(ExposureEvent.getClassSchema(), ClickEvent.getClassSchema(), UserEvent.getClassSchema())) {
            for (Evolution evolution : Evolution.values()) {
                Files.writeString(
                        directory.resolve(ours.getName() + "-" + evolution + ".avsc"),
                        evolution.of(ours).toString(),
                        StandardCharsets.UTF_8);
            }
        }
    }

    @Override
    public void each(Consumer<Sent> to) {
        int[] count = {0};
        good.whole().events(event -> {
            int number = count[0]++;
            ForeignRecord record = ForeignRecord.of(event);
            Evolution evolution = FITTING.get(number % FITTING.size());
            Map<String, Object> named = new TreeMap<>();
            record.fields()
                    .forEach(
                            (name, value) -> named.put(evolution == Evolution.RENAMED ? "their_" + name : name, value));
            to.accept(sent(record, evolution, named, Optional.empty()));
            if (number % GOOD_TO_ONE == GOOD_TO_ONE - 1) {
                Map<String, Object> misfit = record.with("time", "yesterday").fields();
                to.accept(sent(record, Evolution.INCOMPATIBLE, misfit, Optional.of("undecodable")));
            }
        });
    }

    private static Sent sent(
            ForeignRecord record, Evolution evolution, Map<String, Object> fields, Optional<String> rejection) {
        byte[] key = record.field("user_id", String.class).getBytes(StandardCharsets.UTF_8);
        long time = rejection.isPresent() ? SeededStream.T0 : record.field("time", Long.class);
        return new Sent(
                record.topic(),
                rejection,
                producer -> producer.sendBytes(
                        record.topic(),
                        key,
                        Optional.of(ForeignRecord.written(evolution.of(record.schema()), fields)),
                        time));
    }
}
