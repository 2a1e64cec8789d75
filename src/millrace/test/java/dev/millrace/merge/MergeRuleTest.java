package dev.millrace.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.SharedNumbers;
import dev.millrace.model.SharedNumbers.Change;
import dev.millrace.model.Side;
import dev.millrace.model.TwoTower;
import dev.millrace.state.CorruptEntryException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MergeRuleTest {

    private static final int WIDTH = 9; // eight components and the accumulator
    private static final byte[] ROW = ModelEntry.row("item", "i1");

    private final TwoTower model = new TwoTower(Shards.settings().model(), new Catalogue('C'));
    private final SharedNumbers numbers = new SharedNumbers(model);

    /** Gives the table of items so many rows of ones, with an accumulator of 1. */
    private void fill(int rows) {
        List<Change> changes = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            byte[] key = ModelEntry.row("item", "i" + row);
            numbers.now(key);
            changes.add(new Change(key, ones(1)));
        }
        numbers.step(1, Shards.TIME, () -> changes);
    }

    private static double[] ones(double accumulator) {
        double[] row = new double[WIDTH];
        Arrays.fill(row, 1);
        row[WIDTH - 1] = accumulator;
        return row;
    }

    private static List<Change> row(double components, double accumulator) {
        double[] row = new double[WIDTH];
        Arrays.fill(row, components);
        row[WIDTH - 1] = accumulator;
        return List.of(new Change(ROW, row));
    }

    private double[] merged(MergeRule rule) {
        List<Change> merged = rule.merged();
        assertThat(merged).hasSize(1);
        return merged.get(0).numbers();
    }

    /**
     * a = 1, q = 3 and 5, Q = 8: r_1 = (√4 + 1) / (√9 + 1) = 3/4, r_2 = (√6 + 1) / 4. So w = 1 + .5 · 9/16 − .25 · (√6 + 1)² / 16.
     */
    @Test
    void rowsOfALargeTableAreAddedByWhatAdagradWouldHaveMadeOfThem() {
        fill(MergeRule.FEW_ROWS + 1);
        MergeRule rule = new MergeRule(numbers);
        rule.add(0, row(.5, 3), 10);
        rule.add(1, row(-.25, 5), 90);

        double[] row = merged(rule);

        double second = (Math.sqrt(6) + 1) / 4;
        assertThat(row[0]).isEqualTo(1 + .5 * 9 / 16 - .25 * second * second, within(1e-6));
        assertThat(row[WIDTH - 1]).isEqualTo(9);
    }

    /** (.5 − .25) / 2 is .125, and (3 + 5) / 2 is 4. */
    @Test
    void rowsOfASmallTableAreTheMeanOfTheShardsThatTouchedThem() {
        fill(MergeRule.FEW_ROWS);
        MergeRule rule = new MergeRule(numbers);
        rule.add(0, row(.5, 3), 10);
        rule.add(1, row(-.25, 5), 90);
        rule.add(2, List.of(), 50);

        double[] row = merged(rule);

        assertThat(row[0]).isEqualTo(1.125);
        assertThat(row[WIDTH - 1]).isEqualTo(5);
    }

    /** A shard's deltas are one change: .25 + .25 and 1 + 2 are those of the first test. */
    @Test
    void theDeltasOfAShardAreAddedUpFirst() {
        fill(MergeRule.FEW_ROWS + 1);
        MergeRule twice = new MergeRule(numbers);
        twice.add(0, row(.25, 1), 5);
        twice.add(0, row(.25, 2), 5);
        twice.add(1, row(-.25, 5), 90);
        MergeRule once = new MergeRule(numbers);
        once.add(0, row(.5, 3), 10);
        once.add(1, row(-.25, 5), 90);

        assertThat(merged(twice)).isEqualTo(merged(once));
    }

    @Test
    void whatOneShardChangedAloneIsAddedAsItIs() {
        fill(MergeRule.FEW_ROWS + 1);
        MergeRule rule = new MergeRule(numbers);
        rule.add(1, row(.1f, 3), 10);

        assertThat(merged(rule)[0]).isEqualTo(1f + .1f);
    }

    /** (10 · 4 + 30 · 8) / 40 is 7. */
    @Test
    void networksAreTheMeanByExamples() {
        byte[] key = ModelEntry.weights(Side.ITEM, 0, 0);
        double[] before = numbers.now(key);
        double[] four = new double[before.length];
        Arrays.fill(four, 4);
        double[] eight = new double[before.length];
        Arrays.fill(eight, 8);
        MergeRule rule = new MergeRule(numbers);
        rule.add(0, List.of(new Change(key, four)), 10);
        rule.add(1, List.of(new Change(key, eight)), 30);

        assertThat(merged(rule)[0]).isEqualTo((float) (before[0] + 7));
    }

    @Test
    void aRowThatTheBaseDoesNotHaveBeginsAtItsInitialValues() {
        double[] initial = numbers.initial(ROW);
        MergeRule rule = new MergeRule(numbers);
        rule.add(0, row(.5, 3), 10);

        double[] row = merged(rule);

        assertThat(row[0]).isEqualTo((float) (initial[0] + .5));
        assertThat(row[WIDTH - 1]).isEqualTo((float) (initial[WIDTH - 1] + 3));
    }

    @Test
    void aChangeOfAnotherWidthIsRefused() {
        fill(2);
        Change narrow = new Change(ROW, new double[WIDTH - 1]);
        MergeRule alone = new MergeRule(numbers);
        alone.add(0, List.of(narrow), 10);
        MergeRule both = new MergeRule(numbers);
        both.add(0, row(1, 1), 10);
        both.add(1, List.of(narrow), 10);

        assertThatThrownBy(alone::merged).isInstanceOf(CorruptEntryException.class);
        assertThatThrownBy(both::merged)
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("shard 1 changes 8 numbers of an entry that has 9");
    }

    @Test
    void rowsOfUsersAreNotShared() {
        MergeRule rule = new MergeRule(numbers);
        rule.add(0, List.of(new Change(ModelEntry.row("user", "u1"), new double[WIDTH])), 10);

        assertThatThrownBy(rule::merged)
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("table user");
    }
}
