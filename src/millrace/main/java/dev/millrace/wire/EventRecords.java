package dev.millrace.wire;

import static dev.millrace.wire.FeatureCodec.instant;

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
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.AvroRuntimeException;
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
    private final Optional<EventLimits> limits;
    private final GeneratedClasses model = new GeneratedClasses();
    private final JsonEvents json = new JsonEvents(model);

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
        return wire.encode(topic, toAvro(exposure));
    }

    public byte[] encode(String topic, Click click) {
        return wire.encode(topic, toAvro(click));
    }

    public byte[] encode(String topic, UserProfile profile) {
        return wire.encode(topic, toAvro(profile));
    }

    public byte[] encode(String topic, CatalogueItem item) {
        return wire.encode(topic, toAvro(item));
    }

    public Exposure exposure(byte[] value) {
        Exposure exposure = decode(ExposureEvent.class, value, EventRecords::toCore, EventRecords::exposure);
        limits.ifPresent(most -> most.check("context", exposure.context()));
        return exposure;
    }

    public Click click(byte[] value) {
        Click click = decode(ClickEvent.class, value, EventRecords::toCore, EventRecords::click);
        limits.ifPresent(most -> most.check("context", click.context()));
        return click;
    }

    public UserProfile profile(byte[] value) {
        UserProfile profile = decode(UserEvent.class, value, EventRecords::toCore, EventRecords::profile);
        limits.ifPresent(most -> most.checkProfile("features", profile.features()));
        return profile;
    }

    public CatalogueItem item(byte[] value) {
        CatalogueItem item = decode(ItemEvent.class, value, EventRecords::toCore, EventRecords::item);
        limits.ifPresent(most -> most.check("features", item.features()));
        return item;
    }

    private <T extends SpecificRecord, R> R decode(
            Class<T> type, byte[] value, Function<T, R> toCore, AvroWire.Fields<R> ours) {
        return JsonEvents.isJson(value)
                ? toCore.apply(type.cast(json.read(model.schemaOf(type), value)))
                : wire.decodeForeign(type, value, toCore, ours);
    }

    private static Exposure exposure(RecordDecoder from) throws IOException {
        return new Exposure(
                from.readString(),
                from.readString(),
                from.readString(),
                from.readLong(),
                from.readLong(),
                FeatureCodec.read(from),
                textOrNothing(from));
    }

    static ExposureEvent toAvro(Exposure exposure) {
        return new ExposureEvent(
                exposure.id(),
                exposure.user(),
                exposure.item(),
                instant(exposure.time()),
                instant(exposure.producedAt()),
                FeatureCodec.toAvro(exposure.context()),
                exposure.generation().orElse(null));
    }

    static Exposure toCore(ExposureEvent event) {
        return new Exposure(
                event.getExposureId(),
                event.getUserId(),
                event.getItemId(),
                event.getTime().toEpochMilli(),
                event.getProducedAt().toEpochMilli(),
                FeatureCodec.toCore(event.getContext()),
                Optional.ofNullable(event.getGeneration()));
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

    private static Optional<String> textOrNothing(RecordDecoder from) throws IOException {
        return switch (from.readIndex()) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(from.readString());
            default -> throw new AvroRuntimeException("a field that may be null is text or nothing");
        };
    }

    static ClickEvent toAvro(Click click) {
        ClickEvent.Builder builder = ClickEvent.newBuilder()
                .setClickId(click.id())
                .setUserId(click.user())
                .setItemId(click.item())
                .setTime(instant(click.time()))
                .setAction(click.action())
                .setWeight(click.weight())
                .setProducedAt(instant(click.producedAt()))
                .setContext(FeatureCodec.toAvro(click.context()));
        click.exposure().ifPresent(builder::setExposureId);
        return builder.build();
    }

    static Click toCore(ClickEvent event) {
        return new Click(
                event.getClickId(),
                event.getUserId(),
                event.getItemId(),
                Optional.ofNullable(event.getExposureId()),
                event.getAction(),
                event.getWeight(),
                event.getTime().toEpochMilli(),
                event.getProducedAt().toEpochMilli(),
                FeatureCodec.toCore(event.getContext()));
    }

    private static UserProfile profile(RecordDecoder from) throws IOException {
        return new UserProfile(from.readString(), from.readLong(), FeatureCodec.read(from));
    }

    static UserEvent toAvro(UserProfile profile) {
        return new UserEvent(profile.user(), instant(profile.time()), FeatureCodec.toAvro(profile.features()));
    }

    static UserProfile toCore(UserEvent event) {
        return new UserProfile(
                event.getUserId(), event.getTime().toEpochMilli(), FeatureCodec.toCore(event.getFeatures()));
    }

    static CatalogueItem item(RecordDecoder from) throws IOException {
        return new CatalogueItem(from.readString(), from.readLong(), FeatureCodec.read(from));
    }

    static ItemEvent toAvro(CatalogueItem item) {
        return new ItemEvent(item.item(), instant(item.time()), FeatureCodec.toAvro(item.features()));
    }

    static CatalogueItem toCore(ItemEvent event) {
        return new CatalogueItem(
                event.getItemId(), event.getTime().toEpochMilli(), FeatureCodec.toCore(event.getFeatures()));
    }
}
