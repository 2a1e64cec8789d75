package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.verify.books.ExampleLog.Room;
import dev.millrace.wire.PlainRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LearnerAuditTest {

    private final List<String> faults = new ArrayList<>();

    @Test
    void examplesAreInBatchesInTheirOrderOrWait() {
        LearnerAudit audit = audit(List.of(example(0), example(1), example(2)), List.of());

        audit.batch(batch(1, 0, 1), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("learnt or refused")).isEqualTo(2);
        assertThat(tally.certain("waiting")).isEqualTo(1);
    }

    @Test
    void exampleThatNoBatchHasIsNamed() {
        LearnerAudit audit = audit(List.of(example(0), example(1), example(2)), List.of());

        audit.batch(batch(1, 0, 2), 0);
        audit.end(1);

        assertThat(faults).singleElement().asString().contains("training-examples-0 offset 10 is in no mini-batch");
    }

    @Test
    void exampleOfARemovedItemMayBeLeftOut() {
        LearnerAudit audit = audit(List.of(example(0), example(1), example(2)), List.of(itemRemoval("i1", 15)));

        audit.batch(batch(1, 0, 2), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("left out")).isEqualTo(1);
    }

    /** A removal may be read and its mini-batch still be open; what lies behind the position is not read. */
    @Test
    void removalsThatNoBatchHasWait() {
        LearnerAudit audit =
                audit(List.of(), List.of(userRemoval("ann", 15), itemRemoval("i1", 16), userRemoval("bob", 150)));

        PossibleOutcomes tally = audit.end(0);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("waiting")).isEqualTo(2);
    }

    @Test
    void exampleInTwoBatchesAndAGapInTheStepsAreNamed() {
        LearnerAudit audit = audit(List.of(example(0), example(1)), List.of());

        audit.batch(batch(1, 0, 1), 0);
        audit.batch(batch(3, 1), 1);
        audit.end(3);

        assertThat(faults).hasSize(2);
        assertThat(faults.get(0)).isEqualTo("step 3 (mini-batches-0 offset 1) follows step 1");
        assertThat(faults.get(1)).contains("step 3 (mini-batches-0 offset 1) has example c1");
    }

    @Test
    void exposuresThatWereNotClickedHaveAnOrderOfTheirOwn() {
        LearnerAudit audit =
                audit(List.of(unclicked(0), example(1), unclicked(2), example(3), unclicked(4)), List.of());

        audit.batch(batch(1, 2, new int[] {1, 3, 0, 2}), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("learnt or refused")).isEqualTo(4);
        assertThat(tally.certain("waiting")).isEqualTo(1);
    }

    @Test
    void examplesThatAreLearntAgainAreNotCountedAgain() {
        LearnerAudit audit = audit(List.of(example(0), example(1), example(2), unclicked(3)), List.of());

        audit.batch(batch(1, 0, 1), 0);
        audit.batch(batch(2, 1, 2, new int[] {2, 1, 0, 3}), 1);
        PossibleOutcomes tally = audit.end(2);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("learnt or refused")).isEqualTo(4);
    }

    @Test
    void exposureThatNoBatchHasIsNamed() {
        LearnerAudit audit = audit(List.of(unclicked(0), example(1), unclicked(2)), List.of());

        audit.batch(batch(1, 1, new int[] {1, 2}), 0);
        audit.end(1);

        assertThat(faults).singleElement().asString().contains("training-examples-0 offset 0 is in no mini-batch");
    }

    @Test
    void exampleOfARemovedUserMayBeLeftOut() {
        LearnerAudit audit = audit(List.of(example(0), example(1), example(2)), List.of(userRemoval("ann", 15)));

        audit.batch(batch(1, 0, 2), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("left out")).isEqualTo(1);
    }

    @Test
    void exampleOfAnItemThatWasGoneBeforeMayBeLeftOut() {
        LearnerAudit audit = audit(List.of(example(0), example(1), example(2)), List.of(itemRemoval("i1", 5)));

        audit.batch(batch(1, 0, 2), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("left out")).isEqualTo(1);
    }

    /** Its unannounced item was not drawn. */
    @Test
    void exampleThatCountsLessThanOneMayBeCapped() {
        LearnerAudit audit = audit(List.of(example(0), weighing(.9, 1), example(2), weighing(.9, 3)), List.of());

        audit.batch(batch(1, 0, 2), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("capped")).isEqualTo(1);
        assertThat(tally.undecidedGroups())
                .containsExactly("1 × capped or waiting, the first at training-examples-0 offset 30");
    }

    @Test
    void exampleOfAnAnnouncedItemIsNotCapped() {
        LearnerAudit.Change listing = new LearnerAudit.Change(LearnerAudit.Change.Kind.ITEM, IdHash.of("i1"), 0, 5);
        LearnerAudit audit = audit(List.of(example(0), weighing(.9, 1), example(2)), List.of(listing));

        audit.batch(batch(1, 0, 2), 0);
        audit.end(1);

        assertThat(faults).singleElement().asString().contains("training-examples-0 offset 10 is in no mini-batch");
    }

    /** The topic was read up to the next step's first example when the batch was closed. */
    @Test
    void removalAfterTheBatchWasClosedExplainsNoExampleThatItSkips() {
        LearnerAudit audit =
                audit(List.of(example(0), example(1), example(2), example(3)), List.of(itemRemoval("i1", 35)));

        audit.batch(batch(1, 0, 2), 0);
        audit.batch(batch(2, 3), 1);
        audit.end(2);

        assertThat(faults).singleElement().asString().contains("training-examples-0 offset 10 is in no mini-batch");
    }

    /** It may be in the open batch, or be left out of it. */
    @Test
    void exampleThatWaitsAndWhoseItemWasRemovedHasTwoOutcomes() {
        LearnerAudit audit = audit(List.of(example(0), example(1)), List.of(itemRemoval("i1", 15)));

        audit.batch(batch(1, 0), 0);

        assertThat(audit.end(1).undecidedGroups())
                .containsExactly("1 × left out or waiting, the first at training-examples-0 offset 10");
    }

    @Test
    void whatLiesBehindThePositionIsNotCountedAndInNoBatch() {
        LearnerAudit audit = audit(List.of(example(0), example(1), example(10)), List.of());

        audit.batch(batch(1, 0, 10), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).singleElement().asString().contains("step 1 (mini-batches-0 offset 0) has example c10");
        assertThat(tally.total()).isEqualTo(2);
    }

    @Test
    void changesAndRemovalsOfABatchAreThoseOfTheTopicInTheirOrder() {
        LearnerAudit audit = audit(
                List.of(),
                List.of(
                        new LearnerAudit.Change(LearnerAudit.Change.Kind.ITEM, IdHash.of("i1"), 7, 10),
                        itemRemoval("i1", 20),
                        userRemoval("ann", 30),
                        userRemoval("bob", 40)));

        audit.batch(
                new PlainRecord(
                        "dev.millrace.avro.MiniBatchRecord",
                        Map.of(
                                "step", 1L,
                                "catalogue", List.of(change("ItemRecord", "own", 7), change("ItemRecord", "i1", 7)),
                                "removed_users", List.of("ann"))),
                0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("catalogue-change")).isEqualTo(1);
        assertThat(tally.certain("user-removal")).isEqualTo(1);
        assertThat(tally.certain("waiting")).isEqualTo(2);
    }

    @Test
    void logThatEndsBeforeTheLearnersStepIsNamed() {
        LearnerAudit audit = audit(List.of(example(0)), List.of());

        audit.batch(batch(1, 0), 0);
        audit.end(2);

        assertThat(faults)
                .containsExactly("the learner is at step 2 by its progress, but the log up to there ends at step 1");
    }

    private static PlainRecord change(String schema, String item, long time) {
        return new PlainRecord("dev.millrace.avro." + schema, Map.of("item_id", item, "time", time));
    }

    private static LearnerAudit.Change itemRemoval(String item, long offset) {
        return new LearnerAudit.Change(LearnerAudit.Change.Kind.ITEM_REMOVAL, IdHash.of(item), 0, offset);
    }

    private static LearnerAudit.Change userRemoval(String user, long offset) {
        return new LearnerAudit.Change(LearnerAudit.Change.Kind.USER_REMOVAL, IdHash.of(user), 0, offset);
    }

    /** Users and items may have the same ids, such as numbers. */
    @Test
    void removalOfAUserExplainsNothingOfAnItemOfTheSameId() {
        LearnerAudit audit = audit(List.of(example(0), example(1), example(2)), List.of(userRemoval("i1", 15)));

        audit.batch(batch(1, 0, 2), 0);
        audit.end(1);

        assertThat(faults).singleElement().asString().contains("training-examples-0 offset 10 is in no mini-batch");
    }

    @Test
    void exampleOfAnItemThatWasListedAgainIsNamed() {
        List<LearnerAudit.Change> changes = List.of(
                itemRemoval("i1", 3), new LearnerAudit.Change(LearnerAudit.Change.Kind.ITEM, IdHash.of("i1"), 0, 5));
        LearnerAudit audit = audit(List.of(example(0), example(1), example(2)), changes);

        audit.batch(batch(1, 0, 2), 0);
        audit.end(1);

        assertThat(faults).singleElement().asString().contains("training-examples-0 offset 10 is in no mini-batch");
    }

    /** The square of them would take hours: of all examples of the id, and of all changes of its item. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void oneClickIdMayHaveHalfAMillionExamplesAndItsItemAsManyChanges() {
        int count = 500_000;
        LoggedExample same = example(1);
        List<LoggedExample> examples = new ArrayList<>();
        List<LearnerAudit.Change> changes = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            examples.add(new LoggedExample(
                    number,
                    same.origin(),
                    same.user(),
                    same.pair(),
                    same.item(),
                    "click",
                    1,
                    Room.UNKNOWN,
                    1,
                    1,
                    number,
                    true));
            changes.add(new LearnerAudit.Change(LearnerAudit.Change.Kind.ITEM, same.item(), 0, count + number));
        }
        LearnerAudit audit =
                new LearnerAudit(examples, changes, 2L * count, "training-examples", "mini-batches", faults);

        int[] half = new int[count / 2];
        Arrays.fill(half, 1);
        audit.batch(batch(1, half), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("learnt or refused")).isEqualTo(count / 2);
        assertThat(tally.certain("waiting")).isEqualTo(count / 2 + count);
    }

    private LearnerAudit audit(List<LoggedExample> examples, List<LearnerAudit.Change> changes) {
        return new LearnerAudit(examples, changes, 100, "training-examples", "mini-batches", faults);
    }

    /** Of click cN on item iN, at offset 10 N. */
    private static LoggedExample example(int number) {
        return weighing(1, number);
    }

    private static LoggedExample weighing(double weight, int number) {
        return new LoggedExample(
                number,
                IdHash.of("ann", "c" + number),
                IdHash.of("ann"),
                IdHash.of("ann", "i" + number),
                IdHash.of("i" + number),
                "click",
                weight,
                Room.UNKNOWN,
                number,
                number,
                10L * number,
                true);
    }

    /** Of an exposure eN of item iN that was not clicked. */
    private static LoggedExample unclicked(int number) {
        return new LoggedExample(
                number,
                IdHash.of("ann", "i" + number, "e" + number),
                IdHash.of("ann"),
                IdHash.of("ann", "i" + number),
                IdHash.of("i" + number),
                "click",
                1,
                Room.UNKNOWN,
                number,
                number,
                10L * number,
                false);
    }

    private static PlainRecord batch(long step, int... examples) {
        return batch(step, 0, examples);
    }

    private static PlainRecord batch(long step, int exposed, int[] examples) {
        return batch(step, exposed, 0, examples);
    }

    /**
     * @param exposed how many of the examples, the last, are of exposures that were not clicked
     * @param rehearsed how many before these were learnt before
     */
    private static PlainRecord batch(long step, int exposed, int rehearsed, int[] examples) {
        List<String> ids = new ArrayList<>();
        List<String> users = new ArrayList<>();
        List<Long> times = new ArrayList<>();
        List<Integer> actions = new ArrayList<>();
        List<Integer> items = new ArrayList<>();
        List<String> texts = new ArrayList<>(List.of("click"));
        for (int example : examples) {
            ids.add((ids.size() < examples.length - exposed ? "c" : "e") + example);
            items.add(texts.size());
            texts.add("i" + example);
            users.add("ann");
            times.add((long) example);
            actions.add(0);
        }
        return new PlainRecord(
                "dev.millrace.avro.MiniBatchRecord",
                Map.of(
                        "step", step,
                        "example_ids", ids,
                        "users", users,
                        "times", times,
                        "actions", actions,
                        "items", items,
                        "exposed", exposed,
                        "rehearsed", rehearsed,
                        "texts", texts));
    }
}
