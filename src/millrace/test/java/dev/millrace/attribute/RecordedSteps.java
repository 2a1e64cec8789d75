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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Events of a few users in disorder, always the same, and all that an attribution said of them. */
final class RecordedSteps implements Attribution.Output {

    private static final long T0 = 1_767_225_600_000L; // 2026-01-01

    /** Short windows, so that each ends within the steps. */
    private static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("attribution.window", "20s"),
            Map.entry("attribution.click-wait", "10s"),
            Map.entry("attribution.deduplication-window", "60s"),
            Map.entry("attribution.max-skew", "30s"),
            Map.entry("attribution.actions", "click,like"),
            Map.entry("negatives.exposed", "1"),
            Map.entry("negatives.exposed.sample", "0.5"),
            Map.entry("history.length", "5"),
            Map.entry("users.expire-after", "90s"));

    private final Random random = new Random(17);
    private final List<String> said = new ArrayList<>();
    private int step;

    Attribution attribution(OrderedEntries entries) {
        return new Attribution(AttributionSettings.read(new SettingsReader(SETTINGS)), entries, this);
    }

    /** Takes the next steps. */
    void take(Attribution attribution, int steps) {
        for (int end = step + steps; step < end; step++) {
            String user = "user-" + random.nextInt(12);
            String item = "item-" + random.nextInt(6);
            String id = "id-" + random.nextInt(step + 20);
            long time = T0 + step * 500L - (random.nextInt(8) == 0 ? random.nextInt(40_000) : random.nextInt(1_000));
            switch (random.nextInt(16)) {
                case 0, 1, 2, 3, 4, 5, 6 ->
                    attribution.expose(new Exposure(id, user, item, time, time, features("place", step % 7)));
                case 7, 8, 9 -> attribution.click(click(id, user, item, Optional.empty(), time));
                case 10, 11, 12, 13 ->
                    attribution.click(
                            click("c" + id, user, item, Optional.of("id-" + random.nextInt(step + 20)), time));
                case 14 -> attribution.profile(new UserProfile(user, time, features("city", random.nextInt(3))));
                default -> {
                    if (random.nextInt(6) == 0) {
                        attribution.removeUser(user);
                    }
                }
            }
        }
    }

    /** Returns what was said since the last call, a line each. */
    List<String> said() {
        List<String> lines = List.copyOf(said);
        said.clear();
        return lines;
    }

    @Override
    public void example(TrainingExample example) {
        said.add(example.toString());
    }

    @Override
    public void userFeatures(UserFeatures user) {
        said.add(user.toString());
    }

    @Override
    public void userRemoved(String user) {
        said.add("removed " + user);
    }

    private Click click(String id, String user, String item, Optional<String> exposure, long time) {
        String action = random.nextInt(4) == 0 ? "like" : "click";
        return new Click(id, user, item, exposure, action, 1, time, time, features("place", step % 5));
    }

    private static Features features(String name, int value) {
        return Features.of(Map.of(name, new FeatureValue.Category(name + value)));
    }
}
