package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.avro.ClickEvent;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UnusableEventException;
import dev.millrace.event.UserProfile;
import dev.millrace.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** The short way to an event is taken for today's schemas alone, and comes to what Avro's own classes come to. */
class EventRecordsTest {

    private static final int CHANGES = 20;

    private final AvroWire wire = Streams.wire();
    private final EventRecords records = new EventRecords(wire);

    @Property(tries = 200)
    void eventsAreReadAsAvrosClassesReadThem(@ForAll("events") Object event, @ForAll long seed) {
        byte[] bytes = bytes(event);
        HostileBytes hostile = new HostileBytes(new Random(seed), Map.of("events", List.of(bytes)));

        assertThat(said(bytes, value -> read(event, value))).isEqualTo(event.toString());
        for (int at = 0; at < CHANGES; at++) {
            byte[] changed = hostile.next("events");
            assertThat(said(changed, value -> read(event, value)))
                    .isEqualTo(said(changed, value -> readByAvro(event, value)));
        }
    }

    @Property(tries = 1)
    void todaysSchemaIsThatOfTheGeneratedClass() {
        assertThat(wire.header(bytes(GeneratedEvents.clicks().sample()), true).schema())
                .isSameAs(ClickEvent.getClassSchema());
    }

    @Property(tries = 1)
    void everyKindOfEventHasTheLimits() {
        String text = "a".repeat(Streams.limits().featureBytes() + 1);
        Features large = Features.of(Map.of("text", new FeatureValue.Category(text)));
        long time = Streams.T0;

        for (Object event : List.of(
                new Exposure("e", "ann", "book", time, time, large),
                new Click("c", "ann", "book", Optional.empty(), "click", 1, time, time, large),
                new UserProfile("ann", time, large),
                new CatalogueItem("book", time, large))) {
            assertThatThrownBy(() -> read(event, bytes(event)))
                    .as(event.getClass().getSimpleName())
                    .isInstanceOfSatisfying(
                            UnusableEventException.class,
                            unusable -> assertThat(unusable.rejected().reason()).isEqualTo(RejectReason.TOO_LARGE));
        }
    }

    private byte[] bytes(Object event) {
        if (event instanceof Exposure exposure) {
            return records.encode("exposures", exposure);
        } else if (event instanceof Click click) {
            return records.encode("clicks", click);
        } else if (event instanceof UserProfile profile) {
            return records.encode("users", profile);
        }
        return records.encode("items", (CatalogueItem) event);
    }

    /** Reads an event of the kind of another one. */
    private Object read(Object like, byte[] bytes) {
        if (like instanceof Exposure) {
            return records.exposure(bytes);
        } else if (like instanceof Click) {
            return records.click(bytes);
        } else if (like instanceof UserProfile) {
            return records.profile(bytes);
        }
        return records.item(bytes);
    }

    /** What Avro's own reader makes of the bytes, written again. */
    private Object readByAvro(Object like, byte[] bytes) throws IOException {
        if (JsonEvents.isJson(bytes)) {
            return read(like, bytes);
        }
        AvroWire.Header header = wire.header(bytes, true);
        Schema ours = wire.header(bytes(like), true).schema();
        Object record =
                new GenericDatumReader<>(header.schema(), ours).read(null, new RecordDecoder(bytes, header.bytes()));
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(again, null);
        new GenericDatumWriter<>(ours).write(record, encoder);
        byte[] written = wire.encode("any", ours, fields -> fields.append(new RecordEncoder(again.toByteArray())));
        return read(like, written);
    }

    private interface Reading {
        Object of(byte[] bytes) throws IOException;
    }

    private static String said(byte[] bytes, Reading reading) {
        try {
            return reading.of(bytes).toString();
        } catch (RuntimeException | IOException refused) {
            return "refused";
        }
    }

    @Provide
    Arbitrary<Object> events() {
        return GeneratedEvents.events();
    }
}
