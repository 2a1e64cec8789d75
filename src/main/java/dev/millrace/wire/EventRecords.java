package dev.millrace.wire;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.UserEvent;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;

/**
 * The values of the topics that producers write: exposures, clicks, users and items. Safe for threads.
 *
 * <p>Reading throws {@link UndecodableException} for bytes that are no such value, {@link
 * dev.millrace.event.UnusableEventException} for a value that breaks a rule of events or is beyond their limits, and {@link RegistryUnreachableException}.
 */
public final class EventRecords {

    private final AvroWire wire;

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
        Exposure exposure = wire.decode(ExposureEvent.class, value, EventCodec::toCore);
        wire.limits().check("context", exposure.context());
        return exposure;
    }

    public Click click(byte[] value) {
        Click click = wire.decode(ClickEvent.class, value, EventCodec::toCore);
        wire.limits().check("context", click.context());
        return click;
    }

    public UserProfile profile(byte[] value) {
        UserProfile profile = wire.decode(UserEvent.class, value, EventCodec::toCore);
        wire.limits().check("features", profile.features());
        return profile;
    }

    public CatalogueItem item(byte[] value) {
        CatalogueItem item = wire.decode(ItemEvent.class, value, EventCodec::toCore);
        wire.limits().check("features", item.features());
        return item;
    }
}
