package dev.millrace.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.replay.ReplayEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What clicks of one user, or of many, on one item do to the answers for others. The generated shop; attribution, batches and steps as in the stream. */
class ClickSpamTest {

    private static final String TARGET = "i900";
    private static final Map<String, String> NO_CAPS =
            Map.of("attribution.cap.user-item", "0", "attribution.cap.user", "0");
    /** No exams, which learn weights of the score, and no weights but the test's. */
    private static final Map<String, String> UNEXAMINED =
            Map.of("exam.budget", "0", "exam.every-batch-up-to", "0", "exam.neighbours-weight", "0");

    @Test
    void manyClicksOfOneUserMoveAnItemAsFewDo() {
        Shop.Standing before = run(20_000, Map.of(), 0, 1, 0);
        Shop.Standing after = run(20_000, Map.of(), 500, 1, 0);

        assertThat(after.medianRank()).isGreaterThan(before.medianRank() / 3);
        assertThat(after.topShare()).isLessThan(.05);
    }

    @Test
    void theyDoNotMoveItByThePopularityTermEither() {
        Shop.Standing after = run(20_000, Map.of(), 500, 1, .5);

        assertThat(after.topShare()).isLessThan(.05);
    }

    @Test
    void withoutCapsOneUserPutsAnItemFirst() { // the measurement can see it
        Shop.Standing after = run(20_000, NO_CAPS, 500, 1, 0);

        assertThat(after.medianRank()).isLessThan(5);
    }

    /** Returns where the item stands after shop events and then the clicks, which go round the clickers. */
    static Shop.Standing run(int events, Map<String, String> set, int clicks, int clickers, double popularityWeight) {
        Map<String, String> all = new HashMap<>(set);
        all.putAll(UNEXAMINED);
        all.put("exam.popularity-weight", Double.toString(popularityWeight));
        try (Shop shop = new Shop(Shop.settings(all))) {
            Shop.events().limit(events).forEach(shop::take);
            long time = shop.time();
            for (int at = 0;
                    at < clicks;
                    at++) { // all are shown before the first click: the worst case, nobody has a history
                String user = "spammer" + at % clickers;
                shop.take(new ReplayEvent.ItemExposure(new Exposure("x" + at, user, TARGET, time, 0, Features.NONE)));
            }
            for (int at = 0; at < clicks; at++) {
                String user = "spammer" + at % clickers;
                shop.take(new ReplayEvent.ItemClick(new Click(
                        "s" + at, user, TARGET, Optional.of("x" + at), "click", 1, time + at, 0, Features.NONE)));
            }
            shop.finish();
            return shop.standing(TARGET, time, user -> !user.startsWith("spammer"));
        }
    }

    /** Prints the table of docs/quality.md. */
    public static void main(String[] arguments) {
        for (int clickers : List.of(1, 500)) {
            for (int clicks : clickers == 1 ? List.of(0, 10, 100, 500, 2000) : List.of(500)) {
                for (Map<String, String> set : List.of(NO_CAPS, Map.<String, String>of())) {
                    for (double weight : List.of(0.0, 0.5)) {
                        Shop.Standing standing = run(60_000, set, clicks, clickers, weight);
                        System.out.printf(
                                Locale.ROOT,
                                "%d users, %d clicks, %s, weight %.1f: median rank %.0f, in the top ten %.0f %%%n",
                                clickers,
                                clicks,
                                set.isEmpty() ? "caps" : "no caps",
                                weight,
                                standing.medianRank(),
                                100 * standing.topShare());
                    }
                }
            }
        }
    }
}
