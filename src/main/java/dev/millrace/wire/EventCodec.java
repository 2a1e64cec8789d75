package dev.millrace.wire;

import static dev.millrace.wire.FeatureCodec.instant;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.UserEvent;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import java.util.Optional;

/**
 * Producers' events between core and Avro.
 *
 * <p>Towards the core, {@link dev.millrace.event.UnusableEventException} tells what breaks a rule.
 */
final class EventCodec {

    private EventCodec() {}

    static ExposureEvent toAvro(Exposure exposure) {
        return new ExposureEvent(
                exposure.id(),
                exposure.user(),
                exposure.item(),
                instant(exposure.time()),
                instant(exposure.producedAt()),
                FeatureCodec.toAvro(exposure.context()));
    }

    static Exposure toCore(ExposureEvent event) {
        return new Exposure(
                event.getExposureId(),
                event.getUserId(),
                event.getItemId(),
                event.getTime().toEpochMilli(),
                event.getProducedAt().toEpochMilli(),
                FeatureCodec.toCore(event.getContext()));
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

    static UserEvent toAvro(UserProfile profile) {
        return new UserEvent(profile.user(), instant(profile.time()), FeatureCodec.toAvro(profile.features()));
    }

    static UserProfile toCore(UserEvent event) {
        return new UserProfile(
                event.getUserId(), event.getTime().toEpochMilli(), FeatureCodec.toCore(event.getFeatures()));
    }

    static ItemEvent toAvro(CatalogueItem item) {
        return new ItemEvent(item.item(), instant(item.time()), FeatureCodec.toAvro(item.features()));
    }

    static CatalogueItem toCore(ItemEvent event) {
        return new CatalogueItem(
                event.getItemId(), event.getTime().toEpochMilli(), FeatureCodec.toCore(event.getFeatures()));
    }
}
