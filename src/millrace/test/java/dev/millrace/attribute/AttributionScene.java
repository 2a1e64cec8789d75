package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.OrderedEntries;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes attributions and their events, and keeps what the attributions output. */
final class AttributionScene implements Attribution.Output {

    final List<TrainingExample> examples = new ArrayList<>();
    final Map<String, UserFeatures> latest = new HashMap<>();
    int published;
    final List<String> removed = new ArrayList<>();

    Attribution attribution(OrderedEntries entries, Map<String, String> settings) {
        return new Attribution(AttributionSettings.read(new SettingsReader(settings)), entries, this);
    }

    static Exposure exposure(String id, String user, String item, long time) {
        return new Exposure(id, user, item, time, 0, Features.NONE);
    }

    static Click click(String id, String user, String item, String exposure, long time) {
        return new Click(id, user, item, Optional.of(exposure), "click", 1, time, 0, Features.NONE);
    }

    /** A click that names no exposure. */
    static Click click(String id, String user, String item, long time) {
        return new Click(id, user, item, Optional.empty(), "click", 1, time, 0, Features.NONE);
    }

    static UserProfile profile(String user, long time, String age) {
        return new UserProfile(user, time, Features.of(Map.of("age", new FeatureValue.Category(age))));
    }

    @Override
    public void example(TrainingExample example) {
        examples.add(example);
    }

    @Override
    public void userFeatures(UserFeatures user) {
        latest.put(user.user(), user);
        published++;
    }

    @Override
    public void userRemoved(String user) {
        removed.add(user);
    }
}
