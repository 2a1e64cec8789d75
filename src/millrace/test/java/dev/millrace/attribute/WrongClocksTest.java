package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** What clients with wrong clocks do to the clicks of the others: nothing. */
class WrongClocksTest {

    private static final long START = 1_700_000_000_000L;
    private static final long SECOND = 1000;
    private static final long MINUTE = 60 * SECOND;
    private static final long HOUR = 60 * MINUTE;

    private final AttributionScene scene = new AttributionScene();
    private final Attribution attribution = attribution(scene);

    /** Events by the moment at which they come; of one moment, in the order of their addition. */
    private final TreeMap<Long, List<Runnable>> events = new TreeMap<>();

    @Test
    void aClientThatIsThereFirstAndJumpsTakesNone() {
        for (int at = 0; at < 20; at++) {
            wrong(START - 2, "ahead", START + at * HOUR);
        }
        honest(1000);
        for (int at = 0; at < 60; at++) {
            wrong(START + at * MINUTE, "ahead", START + (20L + at) * HOUR);
        }

        play();

        assertThat(honest(scene)).hasSize(1000);
    }

    @Test
    void aUserWhoseClockIsBehindHasAWholeWindowToo() {
        honest(1000);
        long comes = START + HOUR / 2;
        at(comes, () -> attribution.expose(exposure("late", "u-behind", comes - 2 * HOUR)));
        at(
                comes + 20 * MINUTE,
                () -> attribution.click(click("late", "u-behind", "late", comes - 2 * HOUR + 20 * MINUTE)));

        play();

        assertThat(honest(scene)).hasSize(1001);
    }

    /** Two hours wait when a trainer comes back. It reads them as fast as it can, exposures before clicks or the other way round. */
    @Property(tries = 10)
    void clientsAheadTakeNoneWhileABacklogIsRead(@ForAll @IntRange(min = 1, max = 500) int readAhead) {
        AttributionScene found = new AttributionScene();
        Attribution catchingUp = attribution(found);
        int users = 2000; // one in 3.6 s
        for (int at = 0; at < users + readAhead; at++) {
            if (at < users) {
                long time = START + at * 3600L;
                catchingUp.expose(exposure("e" + at, "u" + at, time));
                catchingUp.expose(exposure("x" + at, "ahead" + at % 5, time + 2 * HOUR));
            }
            int click = at - readAhead;
            if (click >= 0) {
                long time = START + click * 3600L + 30 * SECOND;
                catchingUp.click(click("c" + click, "u" + click, "e" + click, time));
                catchingUp.click(click("y" + click, "ahead" + click % 5, "x" + click, time + 2 * HOUR));
            }
        }

        assertThat(honest(found)).hasSize(users);
    }

    /** A third of the accounts, wrong by any amount each time they say something. */
    @Property(tries = 10)
    void aThirdOfTheAccountsTakesNone(@ForAll long seed) {
        Random random = new Random(seed);
        AttributionScene found = new AttributionScene();
        AttributionScene undisturbed = new AttributionScene();
        Attribution disturbed = attribution(found);
        Attribution alone = attribution(undisturbed);
        for (int round = 0; round < 1500; round++) {
            long now = START + 10L * round * SECOND;
            String user = "u" + round % 100;
            for (Attribution each : List.of(disturbed, alone)) {
                each.expose(exposure("e" + round, user, now));
                each.click(click("c" + round, user, "e" + round, now + random.nextInt(2) * SECOND));
            }
            if (round >= 100 && round % 2 == 0) { // when the honest ones are there
                long by = random.nextBoolean()
                        ? (random.nextInt(700_000) - 350_000L) * HOUR
                        : (random.nextInt(7200) - 3600L) * SECOND;
                String wrong = "wrong" + random.nextInt(50);
                disturbed.expose(exposure("x" + round, wrong, now + by));
                disturbed.click(click("y" + round, wrong, "x" + round, now + by));
            }
        }

        assertThat(honest(found)).isEqualTo(honest(undisturbed));
        // a window ends when more than half of the others came after it: 150 accounts, two rounds for each of 50, so
        // 150 rounds at most
        assertThat(account(disturbed, InputTopic.EXPOSURES).outcome(Outcome.CLICKED))
                .isGreaterThan(1500 - 180 - 150);
    }

    @Test
    void aLogOfOneUserEndsItsWindows() {
        attribution.expose(exposure("e", "ann", START));
        attribution.click(click("c", "ann", "other", START));

        attribution.expose(exposure("e2", "ann", START + HOUR));
        attribution.click(click("c2", "ann", "other", START + HOUR));

        assertThat(account(attribution, InputTopic.EXPOSURES).outcomes()).isEqualTo(Map.of("unclicked", 1L));
        assertThat(account(attribution, InputTopic.CLICKS).outcomes())
                .isEqualTo(Map.of("late", 1L)); // an exposure of the item was known
    }

    @Test
    void idsOfClicksAloneAreForgottenByTheTimeOfTheOthers() {
        Attribution clicksOnly = scene.attribution(new MemoryEntries(), Map.of("attribution.mode", "clicks-only"));
        for (int at = 0; at < 10; at++) {
            clicksOnly.click(click("c", "u" + at, "e", START));
        }
        clicksOnly.click(click("c", "ahead", "e", START + 100 * HOUR));

        clicksOnly.click(click("c", "u0", "e", START + MINUTE)); // a repeat, whatever one client says

        assertThat(account(clicksOnly, InputTopic.CLICKS).outcomes())
                .isEqualTo(Map.of("attributed", 11L, "duplicate", 1L));
    }

    private void honest(int users) {
        for (int at = 0; at < users; at++) {
            int user = at;
            long time = START + user * 3600L;
            at(time, () -> attribution.expose(exposure("e" + user, "u" + user, time)));
            long later = time + 30 * SECOND;
            at(later, () -> attribution.click(click("c" + user, "u" + user, "e" + user, later)));
        }
    }

    private void wrong(long comes, String user, long time) {
        at(comes, () -> {
            attribution.expose(exposure("x" + comes + "-" + time, user, time));
            attribution.click(click("y" + comes + "-" + time, user, "none", time));
        });
    }

    private void at(long moment, Runnable event) {
        events.computeIfAbsent(moment, at -> new ArrayList<>()).add(event);
    }

    private void play() {
        events.values().forEach(all -> all.forEach(Runnable::run));
    }

    private static Books.Account account(Attribution of, InputTopic topic) {
        return Books.Account.of(topic, of.books().accounts());
    }

    private static Exposure exposure(String id, String user, long time) {
        return AttributionScene.exposure(id, user, "item", time);
    }

    private static Click click(String id, String user, String exposure, long time) {
        return AttributionScene.click(id, user, "item", exposure, time);
    }

    private static Attribution attribution(AttributionScene scene) {
        return scene.attribution(new MemoryEntries(), Map.of());
    }

    /** Returns the users of the examples, but for those whose clocks are wrong. */
    private static List<String> honest(AttributionScene scene) {
        return scene.examples.stream()
                .map(example -> example.user().user())
                .filter(user -> user.startsWith("u"))
                .toList();
    }
}
