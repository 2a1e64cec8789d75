package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.ContributionCaps;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.PlainRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LearnerAuditTest {

    private static final ContributionCaps CAPS =
            AttributionSettings.read(new SettingsReader(Map.of())).caps();
    private static final TopicNames TOPICS = TopicNames.read(new SettingsReader(Map.of()));

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
        LearnerAudit audit = audit(List.of(example(0), weighing(.9, 1), example(2)), List.of(item("i1", 0, 5)));

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
                List.of(item("i1", 7, 10), itemRemoval("i1", 20), userRemoval("ann", 30), userRemoval("bob", 40)));

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

    private static Entry item(String item, long time, long offset) {
        return new Entry(change("ItemRecord", item, time), offset);
    }

    private static Entry itemRemoval(String item, long offset) {
        return new Entry(change("ItemRemoval", item, 0), offset);
    }

    private static Entry userRemoval(String user, long offset) {
        return new Entry(new PlainRecord("UserRemoval", Map.of("user_id", user)), offset);
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
        List<Entry> changes = List.of(itemRemoval("i1", 3), item("i1", 0, 5));
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
        ExampleLog log = new ExampleLog(CAPS, 0);
        for (int number = 0; number < count; number++) {
            log.add(example(1).value(), number);
        }
        for (int number = 0; number < count; number++) {
            log.add(change("ItemRecord", "i1", 0), count + number);
        }
        LearnerAudit audit = new LearnerAudit(log, 2L * count, TOPICS, faults);

        int[] half = new int[count / 2];
        Arrays.fill(half, 1);
        audit.batch(batch(1, half), 0);
        PossibleOutcomes tally = audit.end(1);

        assertThat(faults).isEmpty();
        assertThat(tally.certain("learnt or refused")).isEqualTo(count / 2);
        assertThat(tally.certain("waiting")).isEqualTo(count / 2 + count);
    }

    /** An entry of the topic of examples. */
    private record Entry(PlainRecord value, long offset) {}

    private LearnerAudit audit(List<Entry> examples, List<Entry> changes) {
        ExampleLog log = new ExampleLog(CAPS, 0);
        examples.forEach(entry -> log.add(entry.value(), entry.offset()));
        changes.forEach(entry -> log.add(entry.value(), entry.offset()));
        return new LearnerAudit(log, 100, TOPICS, faults);
    }

    /** Of click cN on item iN, at offset 10 N. */
    private static Entry example(int number) {
        return weighing(1, number);
    }

    private static Entry weighing(double weight, int number) {
        return entry("c" + number, weight, number, true);
    }

    /** Of an exposure eN of item iN that was not clicked. */
    private static Entry unclicked(int number) {
        return entry("e" + number, 1, number, false);
    }

    private static Entry entry(String id, double weight, int number, boolean isPositive) {
        long time = number;
        PlainRecord user = new PlainRecord("UserFeaturesRecord", Map.of("user_id", "ann", "time", time));
        return new Entry(
                new PlainRecord(
                        "ExampleRecord",
                        Map.of(
                                "example_id", id,
                                "user", user,
                                "item_id", "i" + number,
                                "action", "click",
                                "weight", weight,
                                "time", time,
                                "clicked", isPositive)),
                10L * number);
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
