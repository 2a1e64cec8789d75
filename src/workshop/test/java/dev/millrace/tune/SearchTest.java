package dev.millrace.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.app.MillraceSettings;
import dev.millrace.exam.RankingTotals;
import dev.millrace.settings.InvalidSettingsException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class SearchTest {

    private static final int EVENTS = 10_000;
    private static final int CUTOFF = 20;

    private final List<Double> shares = new ArrayList<>();

    @Test
    void findsTheChangesThatGainAndGivesBackTheOthers() {
        Search.Finding finding = search(81, changes -> {
            int hits = 3000;
            hits += changes.containsKey("batch.size") ? 400 : 0;
            hits += changes.containsKey("optimiser.rows.learning-rate") ? 500 : 0;
            hits -= changes.containsKey("tower.dim") ? 100 : 0;
            hits -= changes.containsKey("features.user.history.pooling") ? 300 : 0;
            return hits;
        });

        assertThat(finding.changes())
                .extracting(Search.Change::key, Search.Change::from)
                .containsExactly(tuple("batch.size", "64"), tuple("optimiser.rows.learning-rate", "0.05"));
        assertThat(finding.changes().get(0).gain()).isEqualTo(0.04, within(1e-9));
        assertThat(finding.changes().get(1).gain()).isEqualTo(0.05, within(1e-9));
        assertThat(finding.settings()).containsOnlyKeys("batch.size", "optimiser.rows.learning-rate");
    }

    @Test
    void aThirdGoesOnToThreeTimesAsMuch() {
        search(27, changes -> 3000 + changes.size());

        // the given settings are in each round; giving back reads all of it
        assertThat(shares.stream().filter(share -> share < 0.2)).hasSize(27 + 1);
        assertThat(shares.stream().filter(share -> share > 0.2 && share < 0.5)).hasSize(9 + 1);
        assertThat(shares.stream().filter(share -> share == 1)).hasSizeGreaterThanOrEqualTo(3 + 1);
        assertThat(new Search.Plan(27, CUTOFF, 1).readings()).isEqualTo(28 / 9.0 + 10 / 3.0 + 4, within(1e-9));
    }

    @Test
    void theGivenSettingsStayWhereNothingIsBetter() {
        Search.Finding finding = search(9, changes -> 3000 - changes.size());

        assertThat(finding.changes()).isEmpty();
        assertThat(finding.trials().get(0).changes()).isEmpty();
        assertThat(finding.trials()).hasSize(10);
    }

    @Test
    void gainsWithinTheNoiseAreGivenBackEvenIfTheirSumIsNot() {
        // half a standard error of .3 over 10,000 events is .0023
        Search.Finding finding = search(
                27,
                changes -> 3000
                        + (changes.containsKey("batch.size") ? 15 : 0)
                        + (changes.containsKey("optimiser.rows.learning-rate") ? 15 : 0));

        assertThat(finding.trials().get(1).changes()).containsKeys("batch.size", "optimiser.rows.learning-rate");
        assertThat(finding.changes()).isEmpty();
    }

    @Test
    void theSameSeedDrawsTheSameAndNoCombinationTwice() {
        List<SortedMap<String, String>> drawn = space().candidates(100, 5);

        assertThat(drawn)
                .isEqualTo(space().candidates(100, 5))
                .doesNotHaveDuplicates()
                .hasSize(100);
        assertThat(drawn.subList(0, 30)).isEqualTo(space().candidates(30, 5));
        assertThat(space().candidates(100, 6)).isNotEqualTo(drawn);
        assertThat(drawn).allSatisfy(changes -> assertThat(isValid(changes)).isTrue());
    }

    @Test
    void everySettingOfTheSpaceTakesItsValues() {
        assertThat(space().dimensions()).hasSize(11); // two of them of the history
        assertThat(space().dimensions())
                .allSatisfy(dimension ->
                        assertThat(dimension.others()).hasSizeBetween(1, 3).doesNotContain(dimension.given()));
    }

    private interface Hits {
        int of(Map<String, String> changes);
    }

    private Search.Finding search(int trials, Hits hits) {
        Search.Judge judge = (changes, share) -> {
            shares.add(share);
            int found = hits.of(changes);
            return new RankingTotals(EVENTS, new long[] {found / 2, found, found, found}, 0);
        };
        return new Search(new Search.Plan(trials, CUTOFF, 1), space(), judge).run();
    }

    private static SearchSpace space() {
        return SearchSpace.around(load(Map.of()).trainerTexts(), SearchTest::isValid);
    }

    private static boolean isValid(Map<String, String> changes) {
        try {
            MillraceSettings unused = load(changes);
            return true;
        } catch (InvalidSettingsException invalid) {
            return false;
        }
    }

    private static MillraceSettings load(Map<String, String> changes) {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), changes);
    }
}
