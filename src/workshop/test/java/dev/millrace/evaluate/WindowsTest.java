package dev.millrace.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.evaluate.WindowSettings.Queries;
import dev.millrace.evaluate.WindowSettings.Unseen;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.train.TrainerSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WindowsTest {

    private static final WindowSettings SESSIONS = settings(Queries.EVERY, Unseen.DROP);

    // Events of one window have one time, so that the decay of the popularity makes no difference between items.
    private static final Map<String, String> THREE_A_BATCH = Map.of(
            "batch.size", "3",
            "batch.negatives", "2",
            "exam.popularity-half-life", "36500d",
            "exam.popularity-weight", "0",
            "exam.neighbours-weight", "0");

    /**
     * In window A, a is clicked three times, b and c once. In window B come the sessions b a c, new b c, a new, and c. By the counts of A, a
     * is at 1, and b and c share 2 and 3: each is at 2.5.
     */
    private static History sessions() {
        return sessions(new History());
    }

    private static History sessions(History history) {
        long later = History.START + History.HOUR;
        return history.window("A")
                .click("u1", "a", History.START)
                .click("u1", "b", History.START)
                .click("u2", "a", History.START)
                .click("u2", "c", History.START)
                .click("u3", "a", History.START)
                .window("B")
                .click("u4", "b", later)
                .click("u4", "a", later)
                .click("u4", "c", later)
                .click("u5", "new", later)
                .click("u5", "b", later)
                .click("u5", "c", later)
                .click("u6", "a", later)
                .click("u6", "new", later)
                .click("u7", "c", later);
    }

    @Test
    void newItemsAreDroppedBeforeHistoriesAreBuilt() {
        Windows.Window window = only(run(sessions(), SESSIONS));

        assertThat(window.name()).isEqualTo("B");
        assertThat(window.positives()).isEqualTo(9);
        // the first of u4, u6 and u7; of u5 new, and b, which follows nothing but new
        assertThat(window.withoutHistory()).isEqualTo(5);
        // the new of u6
        assertThat(window.unseen()).isEqualTo(1);
        // a and c of u4, c of u5: at 1, 2.5, 2.5
        assertThat(ranking(window, "popularity, frozen").count()).isEqualTo(3);
        assertThat(ranking(window, "popularity, frozen").mean("MRR@10")).isCloseTo((1 + 0.4 + 0.4) / 3, within(1e-12));
        assertThat(ranking(window, "frozen").count()).isEqualTo(3);
    }

    @Test
    void anItemThatIsNewInTheWindowCanCountAsNotFound() {
        Windows.Window window = only(run(sessions(), settings(Queries.EVERY, Unseen.MISS)));

        // all but the first of each session: a and c of u4, b and c of u5, new of u6
        assertThat(window.withoutHistory()).isEqualTo(4);
        assertThat(window.unseen()).isEqualTo(1);
        assertThat(ranking(window, "popularity, frozen").count()).isEqualTo(5);
        assertThat(ranking(window, "popularity, frozen").mean("MRR@10"))
                .isCloseTo((1 + 3 * 0.4 + 0) / 5, within(1e-12));
        assertThat(ranking(window, "popularity, frozen").mean("R@10")).isEqualTo(4 / 5.0);
        assertThat(ranking(window, "frozen").mean("R@10")).isEqualTo(4 / 5.0);
    }

    @Test
    void thePopularityOfTheOnlineRankingIsThatOfTheMoment() {
        Windows.Window window = only(run(sessions(), settings(Queries.EVERY, Unseen.MISS)));

        // batches: b a c, new b c, a new c. a stays at 1, b and c stay at 2.5. When new comes again, it has been seen:
        // 4 of 4
        assertThat(ranking(window, "popularity, online").count()).isEqualTo(5);
        assertThat(ranking(window, "popularity, online").mean("MRR@10"))
                .isCloseTo((1 + 3 * 0.4 + 0.25) / 5, within(1e-12));
        assertThat(ranking(window, "popularity, online").mean("R@10")).isEqualTo(1);
    }

    @Test
    void anItemOfItsOwnBatchIsNotFoundBeforeItIsLearnt() {
        History history = new History().window("A").click("u1", "a", 1 + History.START);
        history.window("B").click("u1", "new", 2 + History.START).click("u1", "new", 2 + History.START);

        Windows.Window window = only(run(history, settings(Queries.EVERY, Unseen.MISS)));

        // both are in one batch; of the two items of its catalogue each would be among the first ten
        assertThat(ranking(window, "online").count()).isEqualTo(2);
        assertThat(ranking(window, "online").mean("R@10")).isZero();
    }

    @Test
    void onlyTheLastOfEachSessionMayBeAQuery() {
        Windows.Window window = only(run(sessions(), settings(Queries.LAST, Unseen.DROP)));

        // c of u4 and c of u5; what comes last with u6 is dropped, and nothing is left before it
        assertThat(ranking(window, "popularity, frozen").count()).isEqualTo(2);
        assertThat(ranking(window, "popularity, frozen").mean("MRR@10")).isCloseTo(0.4, within(1e-12));
        assertThat(ranking(window, "online").count()).isEqualTo(2);
    }

    @Test
    void whatTheUserHadCanBeLeftOut() {
        Windows.Window window = only(run(sessions(), SESSIONS, new PrequentialSettings(1, 0.5, 1), trainer(false)));

        // a of u4 is before c, without b. c of u4 is alone. c of u5 is behind a, without b
        assertThat(ranking(window, "popularity, frozen").mean("MRR@10")).isCloseTo((1 + 1 + 0.5) / 3, within(1e-12));
    }

    @Test
    void theCatalogueHoldsWhatWasSeen() {
        History history = new History();
        for (int item = 0; item < 50; item++) {
            history.item("never" + item);
        }

        Windows.Result result = run(sessions(history), SESSIONS);

        assertThat(result.items()).isEqualTo(4);
        assertThat(result.learnt()).isEqualTo(14);
    }

    @Test
    void aDurationCutsFromTheFirstEventOn() {
        History history = new History();
        for (int hours : List.of(5, 28, 29, 30, 77)) { // 0, 23, 24, 25 and 72 after the first
            history.click("u", "i" + hours % 2, History.START + hours * History.HOUR);
        }

        Windows.Result result = run(history, new WindowSettings(Duration.ofDays(1), 0, Queries.EVERY, Unseen.MISS));

        assertThat(result.windows()).extracting(Windows.Window::name).containsExactly("1", "3");
        assertThat(result.windows()).extracting(Windows.Window::positives).containsExactly(2, 1);
    }

    @Test
    void whatIsNotUsedMakesNoWindow() {
        History history = sessions().window("C").click("u8", "a", History.START + 2 * History.HOUR);

        Windows.Result result = run(history, SESSIONS, new PrequentialSettings(14 / 15.0, 0.5, 1));

        assertThat(result.windows()).extracting(Windows.Window::name).containsExactly("B");
    }

    @Test
    void aWindowThatComesBackIsRefused() {
        History history = sessions();

        assertThatThrownBy(() -> history.window("A"))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("data = window A: comes back after window B");
    }

    @Test
    void bothRankingsAreThoseOfScoringEachItemOnItsOwn() {
        History history = random(5);
        for (WindowSettings settings :
                List.of(SESSIONS, new WindowSettings(Duration.ZERO, 0, Queries.LAST, Unseen.MISS))) {
            TrainerSettings trainer = trainer(settings.equals(SESSIONS));
            Windows.Result result = run(history, settings, new PrequentialSettings(1, 0.5, 1), trainer);

            assertThat(result.windows()).hasSize(3);
            for (int at = 0; at < 3; at++) {
                WindowsReference.Ranked expected =
                        new WindowsReference(settings, history.examples(), trainer).window(at + 1);
                Windows.Window window = result.windows().get(at);
                assertThat(ranking(window, "frozen"))
                        .as("%s of %s, frozen", window.name(), settings)
                        .usingRecursiveComparison()
                        .isEqualTo(expected.frozen());
                assertThat(ranking(window, "online"))
                        .as("%s of %s, online", window.name(), settings)
                        .usingRecursiveComparison()
                        .isEqualTo(expected.online());
            }
        }
    }

    @Test
    void lastWindowsRankAlikeIfOthersAreLearnt() {
        for (Unseen unseen : Unseen.values()) {
            List<Windows.Window> all =
                    run(random(6), settings(Queries.EVERY, unseen)).windows();
            List<Windows.Window> last = run(random(6), new WindowSettings(Duration.ZERO, 1, Queries.EVERY, unseen))
                    .windows();

            assertThat(last).usingRecursiveComparison().isEqualTo(all.subList(2, 3));
        }
    }

    @Test
    void ofALargeWindowBothModelsRankTheSameSample() {
        History history = new History().window("A");
        Random random = new Random(1);
        for (int click = 0; click < 9 * QuerySample.STRETCH; click++) {
            if (click == QuerySample.STRETCH) {
                history.window("B");
            }
            history.click("u" + random.nextInt(500), "i" + random.nextInt(20), History.START + click);
        }

        Windows.Window whole = only(run(history, SESSIONS));
        Windows.Window sampled =
                only(run(history, SESSIONS, new PrequentialSettings(1, 0.5, 1).with(4L * QuerySample.STRETCH, 1)));

        assertThat(whole.share()).isEqualTo(1);
        assertThat(sampled.share()).isCloseTo(0.5, within(0.01)); // caps leave a few out
        long queries = ranking(sampled, "frozen").count(); // the others have no history
        assertThat(queries).isBetween(2L * QuerySample.STRETCH, 4L * QuerySample.STRETCH);
        assertThat(ranking(whole, "online").count()).isGreaterThan(5L * QuerySample.STRETCH);
        for (String name : List.of("frozen", "online")) {
            assertThat(ranking(sampled, name).count()).isEqualTo(queries);
            assertThat(ranking(sampled, name).mean("R@10"))
                    .isCloseTo(ranking(whole, name).mean("R@10"), within(0.05));
        }
    }

    /** Four windows, with six new items in each. */
    private static History random(long seed) {
        History history = new History();
        Random random = new Random(seed);
        for (int window = 0; window < 4; window++) {
            history.window("w" + window);
            for (int click = 0; click < 120; click++) {
                int session = click % 7 + 7 * (click / 40);
                history.click(
                        "u" + window + "-" + session,
                        "i" + random.nextInt(25 + 6 * window), // six new ones in each window
                        History.START + (window * 1_000L + click) * 10_000);
            }
        }
        return history;
    }

    private static Averages ranking(Windows.Window window, String name) {
        return Objects.requireNonNull(window.rankings().get(name));
    }

    private static Windows.Window only(Windows.Result result) {
        assertThat(result.windows()).hasSize(1);
        return result.windows().get(0);
    }

    private static Windows.Result run(History history, WindowSettings settings) {
        return run(history, settings, new PrequentialSettings(1, 0.5, 1));
    }

    private static Windows.Result run(History history, WindowSettings settings, PrequentialSettings shares) {
        return run(history, settings, shares, trainer(true));
    }

    private static Windows.Result run(
            History history, WindowSettings settings, PrequentialSettings shares, TrainerSettings trainer) {
        return new Windows(settings, history.evaluation(shares, trainer)).run();
    }

    private static TrainerSettings trainer(boolean isHistoryAnswered) {
        Map<String, String> settings = new HashMap<>(THREE_A_BATCH);
        settings.put("history.answers", String.valueOf(isHistoryAnswered));
        return History.trainer(settings);
    }

    private static WindowSettings settings(Queries queries, Unseen unseen) {
        return new WindowSettings(Duration.ZERO, 0, queries, unseen);
    }
}
