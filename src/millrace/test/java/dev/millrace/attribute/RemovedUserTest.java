package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.MemoryEntries;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Removals among events in any order: nothing of the user is left, not even in a timer. */
class RemovedUserTest {

    private static final long T0 = 1_767_225_600_000L; // 2026-01-01
    private static final List<String> USERS = List.of("the-user-who-goes", "another-user");

    private enum Kind {
        EXPOSURE,
        CLICK,
        NAMED_CLICK,
        PROFILE,
        REMOVAL
    }

    /**
     * One event.
     *
     * @param user 0 for the one who goes
     * @param seconds event time after the beginning
     */
    private record Step(Kind kind, int user, int item, int id, int seconds) {}

    @Property(tries = 3000)
    void nothingIsLeftOfAUserWhenTheRemovalWasRead(@ForAll("steps") List<Step> steps) {
        MemoryEntries entries = new MemoryEntries();
        Attribution attribution = attribution(entries);
        for (Step step : steps) {
            take(attribution, step);
            if (step.kind == Kind.REMOVAL) {
                Commit.of(attribution);
                assertThat(holding(entries, USERS.get(step.user)))
                        .as("%s", step)
                        .isEmpty();
            } else if (step.seconds % 3 == 0) {
                Commit.of(attribution);
            }
        }
        attribution.removeUser(USERS.get(0));
        attribution.removeUser(USERS.get(1));
        Commit.of(attribution);

        assertThat(holding(entries, USERS.get(0))).isEmpty();
        assertThat(holding(entries, USERS.get(1))).isEmpty();
        assertThat(attribution.books().accounts().values())
                .allMatch(account -> account.isBalanced() && account.waiting() == 0);
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Kind> kinds = Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(5, Arbitraries.of(Kind.EXPOSURE)),
                net.jqwik.api.Tuple.of(3, Arbitraries.of(Kind.CLICK)),
                net.jqwik.api.Tuple.of(3, Arbitraries.of(Kind.NAMED_CLICK)),
                net.jqwik.api.Tuple.of(1, Arbitraries.of(Kind.PROFILE)),
                net.jqwik.api.Tuple.of(1, Arbitraries.of(Kind.REMOVAL)));
        return Combinators.combine(
                        kinds,
                        Arbitraries.integers().between(0, 1),
                        Arbitraries.integers().between(0, 2),
                        Arbitraries.integers().between(0, 5),
                        Arbitraries.integers().between(0, 300))
                .as(Step::new)
                .list()
                .ofMaxSize(60);
    }

    private static void take(Attribution attribution, Step step) {
        String user = USERS.get(step.user);
        String item = "i" + step.item;
        String id = "e" + step.id;
        long time = T0 + step.seconds * 1000L;
        switch (step.kind) {
            case EXPOSURE -> attribution.expose(AttributionScene.exposure(id, user, item, time));
            case CLICK -> attribution.click(AttributionScene.click(id, user, item, time));
            case NAMED_CLICK -> attribution.click(AttributionScene.click(id, user, item, id, time));
            case PROFILE -> attribution.profile(AttributionScene.profile(user, time, user));
            case REMOVAL -> attribution.removeUser(user);
        }
    }

    /** Short windows, so that each ends within the steps. */
    private static Attribution attribution(MemoryEntries entries) {
        Map<String, String> settings = Map.of(
                "attribution.window", "20s",
                "attribution.click-wait", "10s",
                "attribution.deduplication-window", "60s",
                "attribution.max-skew", "30s",
                "users.expire-after", "90s");
        return new AttributionScene().attribution(entries, settings);
    }

    private static List<String> holding(MemoryEntries entries, String id) {
        List<String> found = new ArrayList<>();
        entries.scan(new byte[] {0}, new byte[] {'z'}, (key, value) -> {
            if (text(key).contains(id) || text(value).contains(id)) {
                found.add(text(key));
            }
            return true;
        });
        return found;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
