package dev.millrace.offpolicy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.app.MillraceSettings;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Exposure.AnswerPlace;
import dev.millrace.event.Features;
import dev.millrace.index.Arrangement;
import dev.millrace.index.Draw;
import dev.millrace.index.Draw.Candidate;
import dev.millrace.index.Exploration;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.index.ScoredItem;
import dev.millrace.offpolicy.ExploredLog.Misfit;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.LoggedAnswer.Item;
import dev.millrace.recall.RecallRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** One answer of two of three items with scores ln 4, ln 2 and 0, which was drawn at 1 and is estimated at ½. */
class ExploredLogTest {

    private static final long T0 = 1_767_225_600_000L;
    private static final Map<String, Double> ODDS = Map.of("a", 4.0, "b", 2.0, "c", 1.0);
    private static final String SEED = "000102030405060708090a0b0c0d0e0f";

    private final MillraceSettings settings = MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of());
    private final ExploredLog log = new ExploredLog(0.5, settings.attribution());
    private final LoggedAnswer answer = answer("ann", SEED);
    private final String id = answer.draw().orElseThrow().answerId();
    private final String first = answer.items().get(0).item();
    private final String second = answer.items().get(1).item();

    @Test
    void whatFitsHasBothProbabilitiesAndItsClick() {
        log.answer(answer);
        log.exposure(exposure("e1", "ann", first, id, 1));
        log.exposure(exposure("e2", "ann", second, id, 2));
        log.click(click("e2", "ann", second, "click", 1));

        double one = odds(first);
        double two = odds(second);
        double squares = two * two + (7 - one - two) * (7 - one - two);
        assertThat(log.misfits()).isEmpty();
        assertThat(log.answers()).isEqualTo(1);
        Shown shown = at(1);
        assertThat(shown.isClicked()).isFalse();
        assertThat(shown.propensity()).isCloseTo(one / 7, within(1e-6));
        assertThat(shown.candidate()).isCloseTo(one * one / 21, within(1e-6)); // 16 + 4 + 1
        Shown below = at(2);
        assertThat(below.isClicked()).isTrue();
        assertThat(below.propensity()).isCloseTo(two / (7 - one), within(1e-6));
        assertThat(below.candidate()).isCloseTo(two * two / squares, within(1e-6));
        assertThat(below.user()).isEqualTo(shown.user());
    }

    @Test
    void exposuresThatDoNotFitAreCountedByWhy() {
        log.answer(answer);
        log.exposure(exposure("e1", "ann", first, id, 1));
        log.exposure(exposure("e1", "ann", first, id, 1));
        log.exposure(exposure("e2", "ann", first, id, 1));
        log.exposure(exposure("e3", "ann", first, id, 2));
        log.exposure(exposure("e4", "ann", second, id, 3));
        log.exposure(exposure("e5", "ann", "z", id, 1));
        log.exposure(exposure("e6", "bob", second, id, 2));
        log.exposure(exposure("e7", "ann", second, "00", 2));
        log.exposure(new Exposure("e8", "ann", second, T0, 0, Features.NONE));

        assertThat(log.shown()).hasSize(1);
        assertThat(log.misfits())
                .isEqualTo(Map.of(
                        Misfit.REPEATED_EXPOSURE, 1L,
                        Misfit.PLACE_SHOWN_AGAIN, 1L,
                        Misfit.EXPOSURE_AT_ANOTHER_PLACE, 2L,
                        Misfit.EXPOSURE_OF_NO_ITEM_OF_THE_ANSWER, 1L,
                        Misfit.EXPOSURE_TO_ANOTHER_USER, 1L,
                        Misfit.EXPOSURE_OF_UNKNOWN_ANSWER, 1L,
                        Misfit.EXPOSURE_WITHOUT_ANSWER, 1L));
    }

    @Test
    void clicksThatDoNotFitAreCountedByWhy() {
        log.answer(answer);
        log.exposure(exposure("e1", "ann", first, id, 1));
        long window = settings.attribution().window().toMillis();
        log.click(new Click("c", "ann", first, Optional.empty(), "click", 1, T0, 0, Features.NONE));
        log.click(click("e9", "ann", first, "click", 1));
        log.click(click("e1", "ann", second, "click", 1));
        log.click(click("e1", "bob", first, "click", 1));
        log.click(click("e1", "ann", first, "hover", 1));
        log.click(click("e1", "ann", first, "click", -1));
        log.click(click("e1", "ann", first, "click", window + 1));

        assertThat(at(1).isClicked()).isFalse();
        assertThat(log.misfits())
                .isEqualTo(Map.of(
                        Misfit.CLICK_WITHOUT_EXPOSURE, 1L,
                        Misfit.CLICK_OF_AN_EXPOSURE_IN_NO_ROW, 1L,
                        Misfit.CLICK_OF_ANOTHER_USER_OR_ITEM, 2L,
                        Misfit.CLICK_OF_ANOTHER_ACTION, 1L,
                        Misfit.CLICK_OUTSIDE_THE_WINDOW, 2L));
        log.click(click("e1", "ann", first, "click", window));
        assertThat(at(1).isClicked()).isTrue();
    }

    @Test
    void answersThatDoNotFitAreCountedByWhy() {
        List<Item> turned = new ArrayList<>(answer.items());
        Collections.reverse(turned);
        log.answer(with(answer, turned, answer.draw()));
        log.answer(with(answer, answer.items(), Optional.empty())); // has no propensities
        assertThat(log.answers()).isZero();
        log.answer(answer("bob", "0f".repeat(16)));
        log.answer(answer("bob", "0f".repeat(16))); // a repeat of its record

        assertThat(log.answers()).isEqualTo(1);
        assertThat(log.misfits())
                .isEqualTo(Map.of(Misfit.ANSWER_NOT_OF_ITS_RECORD, 1L, Misfit.ANSWER_WITHOUT_EXPOSURES, 1L));
    }

    private Shown at(int place) {
        return log.shown().stream()
                .filter(row -> row.place() == place)
                .findFirst()
                .orElseThrow();
    }

    private static double odds(String item) {
        return ODDS.getOrDefault(item, 0.0);
    }

    private static Exposure exposure(String exposure, String user, String item, String answer, int place) {
        return new Exposure(
                exposure,
                user,
                item,
                T0,
                0,
                Features.NONE,
                Optional.empty(),
                Optional.of(new AnswerPlace(answer, place)));
    }

    private static Click click(String exposure, String user, String item, String action, long after) {
        return new Click("c", user, item, Optional.of(exposure), action, 1, T0 + after, 0, Features.NONE);
    }

    private static LoggedAnswer answer(String user, String seed) {
        Arrangement arrangement = new Arrangement(
                List.of(), Map.of(), OptionalDouble.empty(), Map.of(), Optional.of(new Exploration(1, 3, 0, seed)));
        List<Candidate> candidates = List.of(candidate("a"), candidate("b"), candidate("c"));
        Draw draw = Draw.of(arrangement, 2, candidates, List.of());
        String asker = LoggedAnswer.Asker.digest(user);
        RecallRequest request = new RecallRequest(
                asker,
                2,
                true,
                Set.of(),
                ItemFilter.NONE,
                Features.NONE,
                new RecallRequest.Weights(GivenWeights.NONE, Map.of()),
                Optional.empty(),
                Optional.empty(),
                0,
                arrangement);
        return new LoggedAnswer(
                new LoggedAnswer.Origin("server", T0, "g1", Optional.empty()),
                new LoggedAnswer.Asker(asker, Optional.empty()),
                new LoggedAnswer.Question(request, Set.of()),
                new LoggedAnswer.Standing(new TreeMap<>(), false, new ItemIndex.AsOf(3, List.of())),
                new float[] {1},
                draw.items().stream().map(ExploredLogTest::item).toList(),
                Optional.of(draw));
    }

    private static Candidate candidate(String item) {
        return new Candidate(item, (float) Math.log(odds(item)), new TreeMap<>());
    }

    private static Item item(ScoredItem scored) {
        return new Item(scored.item(), scored.score(), new ScoreParts(scored.score(), 0, 0, 0, 0), Placed.BY_SCORE);
    }

    private static LoggedAnswer with(LoggedAnswer answer, List<Item> items, Optional<Draw> draw) {
        return new LoggedAnswer(
                answer.origin(), answer.asker(), answer.question(), answer.standing(), answer.query(), items, draw);
    }
}
