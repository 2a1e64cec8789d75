package dev.millrace.wire;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.UserEvent;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.EventLimits;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/**
 * The values of the topics that producers write: exposures, clicks, users and items. They are written in Avro, and read in Avro or JSON. Safe for
 * threads.
 *
 * <p>Reading throws {@link UndecodableException} for bytes that are no such value, {@link
 * dev.millrace.event.UnusableEventException} for a value that breaks a rule of events or is beyond their limits, and {@link RegistryUnreachableException}.
 */
public final class EventRecords {

    private final AvroWire wire;
    private final Optional<EventLimits> limits;

    public EventRecords(AvroWire wire) {
        this(wire, Optional.of(wire.limits()));
    }

    private EventRecords(AvroWire wire, Optional<EventLimits> limits) {
        this.wire = wire;
        this.limits = limits;
    }

    /** Of events that were taken before, whatever the limits were. */
    public static EventRecords unlimited(AvroWire wire) {
        return new EventRecords(wire, Optional.empty());
    }

    public byte[] encode(String topic, Exposure exposure) {
        return wire.encode(topic, ExposureEvent.getClassSchema(), fields -> write(fields, exposure));
    }

    public byte[] encode(String topic, Click click) {
        return wire.encode(topic, ClickEvent.getClassSchema(), fields -> write(fields, click));
    }

    public byte[] encode(String topic, UserProfile profile) {
        return wire.encode(topic, UserEvent.getClassSchema(), fields -> write(fields, profile));
    }

    public byte[] encode(String topic, CatalogueItem item) {
        return wire.encode(topic, ItemEvent.getClassSchema(), fields -> write(fields, item));
    }

    public Exposure exposure(byte[] value) {
        Exposure exposure = decode(ExposureEvent.getClassSchema(), value, EventRecords::exposure);
        limits.ifPresent(most -> most.check("context", exposure.context()));
        return exposure;
    }

    public Click click(byte[] value) {
        Click click = decode(ClickEvent.getClassSchema(), value, EventRecords::click);
        limits.ifPresent(most -> most.check("context", click.context()));
        return click;
    }

    public UserProfile profile(byte[] value) {
        UserProfile profile = decode(UserEvent.getClassSchema(), value, EventRecords::profile);
        limits.ifPresent(most -> most.checkProfile("features", profile.features()));
        return profile;
    }

    public CatalogueItem item(byte[] value) {
        CatalogueItem item = decode(ItemEvent.getClassSchema(), value, EventRecords::item);
        limits.ifPresent(most -> most.check("features", item.features()));
        return item;
    }

    private <R> R decode(Schema schema, byte[] value, AvroWire.Fields<R> fields) {
        if (!JsonEvents.isJson(value)) {
            return wire.decodeForeign(schema, value, fields);
        }
        try {
            return fields.read(AvroWire.today(JsonEvents.read(schema, value), schema));
        } catch (IOException impossible) {
            throw new UncheckedIOException("reading what was just written", impossible);
        }
    }

    private static Exposure exposure(RecordDecoder from) throws IOException {
        return new Exposure(
                from.readString(),
                from.readString(),
                from.readString(),
                from.readLong(),
                from.readLong(),
                FeatureCodec.read(from),
                textOrNothing(from),
                Exposure.AnswerPlace.of(textOrNothing(from), orNothing(from, RecordDecoder::readInt)));
    }

    private static void write(RecordEncoder fields, Exposure exposure) {
        fields.text(exposure.id())
                .text(exposure.user())
                .text(exposure.item())
                .longInteger(exposure.time())
                .longInteger(exposure.producedAt());
        FeatureCodec.write(fields, exposure.context());
        writeTextOrNothing(fields, exposure.generation());
        writeTextOrNothing(fields, exposure.place().map(Exposure.AnswerPlace::answer));
        exposure.place()
                .ifPresentOrElse(at -> fields.longInteger(1).longInteger(at.place()), () -> fields.longInteger(0));
    }

    private static Click click(RecordDecoder from) throws IOException {
        String id = from.readString();
        String user = from.readString();
        String item = from.readString();
        long time = from.readLong();
        Optional<String> exposure = textOrNothing(from);
        return new Click(
                id,
                user,
                item,
                exposure,
                from.readString(),
                from.readDouble(),
                time,
                from.readLong(),
                FeatureCodec.read(from));
    }

    private static void write(RecordEncoder fields, Click click) {
        fields.text(click.id()).text(click.user()).text(click.item()).longInteger(click.time());
        writeTextOrNothing(fields, click.exposure());
        fields.text(click.action()).number(click.weight()).longInteger(click.producedAt());
        FeatureCodec.write(fields, click.context());
    }

    private static void writeTextOrNothing(RecordEncoder fields, Optional<String> text) {
        text.ifPresentOrElse(some -> fields.longInteger(1).text(some), () -> fields.longInteger(0));
    }

    private static Optional<String> textOrNothing(RecordDecoder from) throws IOException {
        return orNothing(from, RecordDecoder::readString);
    }

    private static <T> Optional<T> orNothing(RecordDecoder from, AvroWire.Fields<T> value) throws IOException {
        return switch (from.readIndex()) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(value.read(from));
            default -> throw new AvroRuntimeException("a field that may be null is its value or nothing");
        };
    }

    private static UserProfile profile(RecordDecoder from) throws IOException {
        return new UserProfile(from.readString(), from.readLong(), FeatureCodec.read(from));
    }

    static CatalogueItem item(RecordDecoder from) throws IOException {
        return new CatalogueItem(from.readString(), from.readLong(), FeatureCodec.read(from));
    }

    private static void write(RecordEncoder fields, UserProfile profile) {
        fields.text(profile.user()).longInteger(profile.time());
        FeatureCodec.write(fields, profile.features());
    }

    static void write(RecordEncoder fields, CatalogueItem item) {
        fields.text(item.item()).longInteger(item.time());
        FeatureCodec.write(fields, item.features());
    }
}
