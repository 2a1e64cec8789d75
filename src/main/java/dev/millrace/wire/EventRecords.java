package dev.millrace.wire;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.UserEvent;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

/**
 * The values of the topics that producers write: exposures, clicks, users and items. They are written in Avro, and read in Avro or JSON. Safe for
 * threads.
 *
 * <p>Reading throws {@link UndecodableException} for bytes that are no such value, {@link
 * dev.millrace.event.UnusableEventException} for a value that breaks a rule of events or is beyond their limits, and {@link RegistryUnreachableException}.
 */
public final class EventRecords {

    private final AvroWire wire;
    private final GeneratedClasses model = new GeneratedClasses();
    private final JsonEvents json = new JsonEvents(model);

    public EventRecords(AvroWire wire) {
        this.wire = wire;
    }

    public byte[] encode(String topic, Exposure exposure) {
        return wire.encode(topic, EventCodec.toAvro(exposure));
    }

    public byte[] encode(String topic, Click click) {
        return wire.encode(topic, EventCodec.toAvro(click));
    }

    public byte[] encode(String topic, UserProfile profile) {
        return wire.encode(topic, EventCodec.toAvro(profile));
    }

    public byte[] encode(String topic, CatalogueItem item) {
        return wire.encode(topic, EventCodec.toAvro(item));
    }

    public Exposure exposure(byte[] value) {
        Exposure exposure = decode(ExposureEvent.class, value, EventCodec::toCore);
        wire.limits().check("context", exposure.context());
        return exposure;
    }

    public Click click(byte[] value) {
        Click click = decode(ClickEvent.class, value, EventCodec::toCore);
        wire.limits().check("context", click.context());
        return click;
    }

    public UserProfile profile(byte[] value) {
        UserProfile profile = decode(UserEvent.class, value, EventCodec::toCore);
        wire.limits().checkProfile("features", profile.features());
        return profile;
    }

    public CatalogueItem item(byte[] value) {
        CatalogueItem item = decode(ItemEvent.class, value, EventCodec::toCore);
        wire.limits().check("features", item.features());
        return item;
    }

    private <T extends SpecificRecord, R> R decode(Class<T> type, byte[] value, Function<T, R> toCore) {
        return JsonEvents.isJson(value)
                ? toCore.apply(type.cast(json.read(model.schemaOf(type), value)))
                : wire.decodeForeign(type, value, toCore);
    }
}
