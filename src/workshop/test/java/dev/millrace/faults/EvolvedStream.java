package dev.millrace.faults;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.UserEvent;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.topic.EventProducer;
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
import java.util.SortedMap;
import java.util.TreeMap;
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
    public void sendAll(EventProducer producer) {
        for (int number = 0; number < SeededStream.USERS; number++) {
            UserProfile user = SeededStream.user(number);
            send(producer, "users", UserEvent.getClassSchema(), number, ForeignRecords.fields(user));
        }
        producer.flush();
        int[] count = {0};
        SeededStream.Sink sink = new SeededStream.Sink() {
            @Override
            public void exposure(Exposure exposure) {
                send(
                        producer,
                        "exposures",
                        ExposureEvent.getClassSchema(),
                        count[0]++,
                        ForeignRecords.fields(exposure));
            }

            @Override
            public void click(Click click) {
                send(producer, "clicks", ClickEvent.getClassSchema(), count[0]++, ForeignRecords.fields(click));
            }
        };
        for (int number = 0; number < good.moments(); number++) {
            good.emit(number, sink);
        }
        producer.flush();
    }

    /** Those that do not fit, and only those, are rejected. */
    Outcome rejectedOf(Outcome undisturbed) {
        Outcome expected = undisturbed;
        SortedMap<String, Long> goodOnes = good.sent();
        for (Map.Entry<String, Long> topic : sent().entrySet()) {
            expected = expected.and(
                    topic.getKey(),
                    "rejected: undecodable",
                    topic.getValue() - goodOnes.getOrDefault(topic.getKey(), 0L));
        }
        return expected;
    }

    @Override
    public SortedMap<String, Long> sent() {
        SortedMap<String, Long> sent = good.sent();
        sent.merge("users", (long) (SeededStream.USERS / GOOD_TO_ONE), Long::sum);
        int[] count = {0};
        SeededStream.Sink sink = new SeededStream.Sink() {
            @Override
            public void exposure(Exposure exposure) {
                count("exposures");
            }

            @Override
            public void click(Click click) {
                count("clicks");
            }

            private void count(String topic) {
                sent.merge(topic, isFollowedByMisfit(count[0]++) ? 1L : 0L, Long::sum);
            }
        };
        for (int number = 0; number < good.moments(); number++) {
            good.emit(number, sink);
        }
        return sent;
    }

    private static boolean isFollowedByMisfit(int number) {
        return number % GOOD_TO_ONE == GOOD_TO_ONE - 1;
    }

    private static void send(
            EventProducer producer, String topic, Schema ours, int number, Map<String, Object> fields) {
        byte[] key =
                ((String) Optional.ofNullable(fields.get("user_id")).orElseThrow()).getBytes(StandardCharsets.UTF_8);
        long time = (Long) Optional.ofNullable(fields.get("time")).orElseThrow();
        Evolution evolution = FITTING.get(number % FITTING.size());
        Map<String, Object> named = new TreeMap<>();
        fields.forEach((name, value) -> named.put(evolution == Evolution.RENAMED ? "their_" + name : name, value));
        producer.sendBytes(topic, key, Optional.of(ForeignRecords.written(evolution.of(ours), named)), time);
        if (isFollowedByMisfit(number)) {
            Map<String, Object> misfit = new TreeMap<>(fields);
            misfit.put("time", "yesterday");
            producer.sendBytes(
                    topic,
                    key,
                    Optional.of(ForeignRecords.written(Evolution.INCOMPATIBLE.of(ours), misfit)),
                    SeededStream.T0);
        }
    }
}
