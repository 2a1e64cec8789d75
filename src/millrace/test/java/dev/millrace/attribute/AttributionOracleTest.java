package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Any events in any order of reading: the attribution makes what the plain rules make. */
class AttributionOracleTest {

    private static final long T0 = 1_767_225_600_000L;
    private static final long MINUTE = 60_000;

    @ParameterizedTest
    @CsvSource({
        "exposures, drop, 1d, 0",
        "exposures, positive, 1d, 0",
        "clicks-only, drop, 1d, 0",
        "exposures, drop, 2m, 0",
        "exposures, positive, 2m, 0",
        "exposures, drop, 1d, 0.5",
        "exposures, positive, 1d, 1",
        "exposures, drop, 2m, 1"
    })
    void makesWhatThePlainRulesMake(String mode, String late, String skew, String share) {
        AttributionSettings settings = AttributionSettings.read(new SettingsReader(Map.ofEntries(
                Map.entry("attribution.mode", mode),
                Map.entry("attribution.late", late),
                Map.entry("attribution.max-skew", skew),
                Map.entry("negatives.exposed", "1"),
                Map.entry("negatives.exposed.sample", share),
                Map.entry("attribution.actions", "click,like"),
                Map.entry("attribution.negative-actions", "hide"),
                Map.entry("attribution.undo-actions", "unhide"),
                Map.entry("attribution.hide-for", "45s"),
                Map.entry("attribution.hide-passed-for", "100s"),
                Map.entry("attribution.window", "60s"),
                Map.entry("attribution.click-wait", "20s"),
                Map.entry("attribution.deduplication-window", "90s"),
                Map.entry("attribution.cap.user-item", "0"),
                Map.entry("attribution.cap.user", "0"),
                Map.entry("attribution.weight.like", "1.5"),
                Map.entry("attribution.weight.hide", "0.5"),
                Map.entry("attribution.weight.from", "seconds"),
                Map.entry("history.length", "3"))));
        for (int seed = 0; seed < 400; seed++) {
            AttributionScene scene = new AttributionScene();
            Attribution attribution = new Attribution(settings, new MemoryEntries(), scene);
            AttributionReference reference = new AttributionReference(settings);

            play(seed, 1 + seed % 3, attribution, reference);

            assertThat(sorted(scene.examples.stream()
                            .map(AttributionOracleTest::withoutCounters)
                            .toList()))
                    .as("seed %d", seed)
                    .isEqualTo(sorted(reference.examples));
            for (InputTopic topic : List.of(InputTopic.EXPOSURES, InputTopic.CLICKS)) {
                assertThat(counted(Books.Account.of(topic, attribution.books().accounts())))
                        .as("seed %d, %s", seed, topic)
                        .isEqualTo(counted(reference.outcomes.getOrDefault(topic.label(), new TreeMap<>())));
            }
        }
    }

    private static SortedMap<String, Long> counted(Books.Account account) {
        SortedMap<String, Long> outcomes = new TreeMap<>(account.outcomes());
        outcomes.put("waiting", account.waiting());
        return counted(outcomes);
    }

    private static SortedMap<String, Long> counted(SortedMap<String, Long> outcomes) {
        outcomes.values().removeIf(count -> count == 0);
        return outcomes;
    }

    private static TrainingExample withoutCounters(TrainingExample example) {
        SortedMap<String, FeatureValue> profile =
                new TreeMap<>(example.user().features().values());
        profile.keySet().removeAll(List.of("millrace.clicks", "millrace.exposures"));
        UserFeatures user = new UserFeatures(
                example.user().user(),
                example.user().time(),
                Features.taking(profile),
                example.user().history());
        return new TrainingExample(
                example.id(),
                user,
                example.context(),
                example.item(),
                example.action(),
                example.weight(),
                example.time(),
                example.producedAt(),
                example.isPositive());
    }

    /** What ends at one moment has no order that counts. */
    private static List<TrainingExample> sorted(List<TrainingExample> examples) {
        return examples.stream()
                .sorted(Comparator.comparing(TrainingExample::toString))
                .toList();
    }

    /** Seeded events of few users, items and ids within some minutes, each topic in nearly its own order of time. */
    private static void play(int seed, int names, Attribution attribution, AttributionReference reference) {
        List<Exposure> shows = new ArrayList<>();
        List<Click> acts = new ArrayList<>();
        long span = 30L + below(400, seed, 9, 0); // seconds
        for (int number = 0; number < 40; number++) {
            String user = "u" + below(names, seed, number, 0);
            String item = "i" + below(names, seed, number, 1);
            long time = T0 + number * (span * 1000L) / 40 - below(4, seed, number, 2) * 7_000L + number; // all differ
            if (seed % 5 == 1 && user.equals("u0")) { // a clock that is wrong
                time += (below(5, seed, number, 13) - 2) * 5L * MINUTE;
            }
            shows.add(new Exposure("e" + below(30, seed, number, 3), user, item, time, time, Features.NONE));
        }
        for (int number = 0; number < 40; number++) {
            Exposure of = shows.get(number);
            long time = of.time() + below(90, seed, number, 4) * 1000L - 5_000;
            String user = below(8, seed, number, 7) == 0 ? "u" + below(names, seed, number, 8) : of.user();
            acts.add(new Click(
                    "c" + below(30, seed, number, 9),
                    user,
                    of.item(),
                    below(2, seed, number, 5) == 0 ? Optional.of(of.id()) : Optional.empty(),
                    List.of("click", "like", "hover", "click", "hide", "unhide").get(below(6, seed, number, 6)),
                    1,
                    time,
                    time,
                    Features.of(Map.of("seconds", new FeatureValue.Quantity(1 << below(6, seed, number, 17))))));
        }
        int shown = 0;
        int acted = 0;
        int bias = 1 + below(9, seed, 77, 0);
        for (int turn = 0; shown < shows.size() || acted < acts.size(); turn++) {
            String user = "u" + below(names, seed, turn, 12);
            if (seed % 4 == 0 && below(40, seed, turn, 11) == 0) {
                attribution.removeUser(user);
                reference.removeUser(user);
            }
            if (below(15, seed, turn, 14) == 0) {
                double age = below(3, seed, turn, 15);
                UserProfile profile = new UserProfile(
                        user,
                        T0 + below(5, seed, turn, 16) + 1L,
                        Features.of(Map.of("age", new FeatureValue.Quantity(age))));
                attribution.profile(profile);
                reference.profile(profile);
            }
            if (acted == acts.size() || (shown < shows.size() && below(10, seed, turn, 10) < bias)) {
                attribution.expose(shows.get(shown));
                reference.expose(shows.get(shown++));
            } else {
                attribution.click(acts.get(acted));
                reference.click(acts.get(acted++));
            }
        }
    }

    private static int below(int bound, long seed, long number, long slot) {
        return CounterRandom.below(bound, seed, number, slot);
    }
}
