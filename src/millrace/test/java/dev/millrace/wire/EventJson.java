package dev.millrace.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Events as a producer without Avro writes them. */
public final class EventJson {

    private static final ObjectMapper JSON = new ObjectMapper();

    private EventJson() {}

    public static byte[] of(Exposure exposure) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("exposure_id", exposure.id());
        members.put("user_id", exposure.user());
        members.put("item_id", exposure.item());
        members.put("time", exposure.time());
        members.put("produced_at", exposure.producedAt());
        members.put("context", values(exposure.context()));
        exposure.generation().ifPresent(generation -> members.put("generation", generation));
        exposure.place().ifPresent(at -> {
            members.put("answer", at.answer());
            members.put("place", at.place());
        });
        return bytes(members);
    }

    public static byte[] of(Click click) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("context", values(click.context()));
        members.put("produced_at", click.producedAt());
        members.put("weight", click.weight());
        members.put("action", click.action());
        click.exposure().ifPresent(exposure -> members.put("exposure_id", exposure));
        members.put("time", click.time());
        members.put("item_id", click.item());
        members.put("user_id", click.user());
        members.put("click_id", click.id());
        return bytes(members);
    }

    public static byte[] of(UserProfile profile) {
        return bytes(Map.of("user_id", profile.user(), "time", profile.time(), "features", values(profile.features())));
    }

    public static byte[] of(CatalogueItem item) {
        return bytes(Map.of("item_id", item.item(), "time", item.time(), "features", values(item.features())));
    }

    private static Map<String, Object> values(Features features) {
        Map<String, Object> values = new LinkedHashMap<>();
        features.values()
                .forEach((name, value) -> values.put(
                        name,
                        value.<Object>match(
                                FeatureValue.Category::value,
                                FeatureValue.Quantity::value,
                                FeatureValue.Bag::values,
                                FeatureValue.Dense::values)));
        return values;
    }

    private static byte[] bytes(Map<String, Object> members) {
        try {
            return JSON.writeValueAsString(members).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException neverHappens) { // texts, numbers, lists and maps alone
            throw new AssertionError(neverHappens);
        }
    }
}
