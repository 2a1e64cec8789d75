package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.PlainRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LearnerAuditTest {

    private static final TopicNames TOPICS = TopicNames.read(new SettingsReader(Map.of()));
    private static final long POSITION = 100;

    private final List<String> faults = new ArrayList<>();
    private final ExampleLog log = new ExampleLog();

    /**
     * Each row has the examples of the topic: cN of a click on item iN, and eN of an exposure of it that was not clicked, at offset 10 N,
     * maybe with a weight. Then changes, with their offsets, maybe with the time of the item; batches, whose clock is 20, in which ~ is learnt again; outcomes; and faults.
     */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            in batches in their order, or waiting | c0 c1 c2 | '' | c0 c1 | learnt or refused 2, waiting 1 | ''
            in no batch | c0 c1 c2 | '' | c0 c2 | '' | offset 10 is in no mini-batch
            of a removed item | c0 c1 c2 | -item i1 15 | c0 c2 | learnt or refused 2, left out 1, waiting 1 | ''
            of a removed user | c0 c1 c2 | -user ann 15 | c0 c2 | learnt or refused 2, left out 1, waiting 1 | ''
            of an item that was gone | c0 c1 c2 | -item i1 5 | c0 c2 | learnt or refused 2, left out 1, waiting 1 | ''
            a user has the id of its item | c0 c1 c2 | -user i1 15 | c0 c2 | '' | offset 10 is in no mini-batch
            of an item listed again | c0 c1 c2 | -item i1 3, +item i1 5 | c0 c2 | '' | offset 10 is in no mini-batch
            removed behind the batch | c0 c1 c2 c3 | -item i1 35 | c0 c2; c3 | '' | offset 10 is in no mini-batch
            removals wait too | '' | -user ann 15, -item i1 16, -user bob 150 | '' | waiting 2 | ''
            left out of the open batch | c0 c1 | -item i1 15 | c0 | learnt or refused 1, waiting 1, left out or waiting | ''
            not drawn | c0 c1*.9 c2 c3*.9 | '' | c0 c2 | capped 1, learnt or refused 2, capped or waiting | ''
            announced, so not drawn | c0 c1*.9 c2 | +item i1 5 | c0 c2 | '' | offset 10 is in no mini-batch
            announced for later | c0 c1*.9 c2 | +item i1 5 30 | c0 c2 | capped 1, learnt or refused 2, waiting 1 | ''
            exposures have their own order | e0 c1 e2 c3 e4 | '' | c1 c3 e0 e2 | learnt or refused 4, waiting 1 | ''
            exposure in no batch | e0 c1 e2 | '' | c1 e2 | '' | training-examples-0 offset 0 is in no mini-batch
            learnt again | c0 c1 c2 e3 | '' | c0 c1; c2 ~c1 ~c0 e3 | learnt or refused 4 | ''
            twice, and a gap | c0 c1 | '' | c0 c1; 3 c1 | '' | offset 1) follows step 1, offset 1) has example c1
            behind the position | c0 c1 c10 | '' | c0 c10 | learnt or refused 1, waiting 1 | offset 0) has example c10
            """)
    void anExampleIsInOneBatchOrThereIsAReason(
            String name, String examples, String changes, String batches, String outcomes, String expectedFaults) {
        words(examples, " ").forEach(example -> log.add(example(example), 10L * number(example)));
        words(changes, ", ")
                .map(change -> change.split(" ", -1))
                .forEach(change -> log.add(
                        change(change[0], change[1], change.length > 3 ? Long.parseLong(change[3]) : 7),
                        Long.parseLong(change[2])));

        LearnerAudit audit = new LearnerAudit(log, POSITION, TOPICS, faults);
        long step = 0;
        long offset = 0;
        for (String batch : words(batches, "; ").toList()) {
            List<String> learnt = new ArrayList<>(words(batch, " ").toList());
            step = learnt.get(0).equals("3") ? Long.parseLong(learnt.remove(0)) : step + 1;
            audit.batch(batch(step, learnt), offset++);
        }
        PossibleOutcomes tally = audit.end(step);

        if (!outcomes.isEmpty()) {
            assertThat(words(tally)).isEqualTo(outcomes);
        }
        List<String> expected = words(expectedFaults, ", ").toList();
        assertThat(faults).hasSameSizeAs(expected);
        for (int at = 0; at < expected.size(); at++) {
            assertThat(faults.get(at)).contains(expected.get(at));
        }
    }

    @Test
    void batchesHaveTheTopicsChangesInOrder() {
        log.add(change("+item", "i1", 7), 10);
        log.add(change("-item", "i1", 7), 20);
        log.add(change("-user", "ann", 7), 30);
        log.add(change("-user", "bob", 7), 40);
        LearnerAudit audit = new LearnerAudit(log, POSITION, TOPICS, faults);

        audit.batch(
                plain(
                        "dev.millrace.avro.MiniBatchRecord",
                        "step catalogue removed_users",
                        1L,
                        List.of(change("+item", "own", 7), change("+item", "i1", 7)),
                        List.of("ann")),
                0);

        assertThat(words(audit.end(1))).isEqualTo("catalogue-change 1, user-removal 1, waiting 2");
        assertThat(faults).isEmpty();
    }

    @Test
    void theNextAnnouncementSettlesAWaitingOne() {
        log.add(change("+item", "i1", 30), 10);
        log.add(change("+item", "i2", 30), 20);
        log.add(change("+item", "i1", 7), 30);
        log.add(change("+item", "i3", 40), 40);
        log.add(change("+item", "i3", 50), 50);
        log.add(change("+item", "i2", 30), 60);
        LearnerAudit audit = new LearnerAudit(log, POSITION, TOPICS, faults);

        audit.batch(
                plain(
                        "dev.millrace.avro.MiniBatchRecord",
                        "step clock catalogue",
                        1L,
                        30L,
                        List.of(change("+item", "i1", 7), change("+item", "i2", 30))),
                0);

        // of i2 the second may have replaced the first, or come with a later batch; of i3 the second may have replaced
        // the first
        assertThat(words(audit.end(1))).isEqualTo("catalogue-change 3, waiting 1, catalogue-change or waiting");
        assertThat(faults).isEmpty();
    }

    @Test
    void aLogThatEndsBeforeTheLearnersStepIsNamed() {
        log.add(example("c0"), 0);
        LearnerAudit audit = new LearnerAudit(log, POSITION, TOPICS, faults);

        audit.batch(batch(1, List.of("c0")), 0);
        audit.end(2);

        assertThat(faults).singleElement().asString().contains("at step 2", "ends at step 1");
    }

    /** The square of them would take hours: of all examples of the id, and of all changes of its item. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void oneClickIdMayHaveManyExamples() {
        int count = 500_000;
        for (int number = 0; number < count; number++) {
            log.add(example("c1"), number);
        }
        for (int number = 0; number < count; number++) {
            log.add(change("+item", "i1", 7), count + number);
        }
        LearnerAudit audit = new LearnerAudit(log, 2L * count, TOPICS, faults);

        audit.batch(batch(1, Collections.nCopies(count / 2, "c1")), 0);

        assertThat(words(audit.end(1)))
                .isEqualTo("learnt or refused 250000, waiting 250001, catalogue-change or waiting");
        assertThat(faults).isEmpty();
    }

    private static Stream<String> words(String text, String between) {
        return Stream.of(text.split(between, -1)).filter(word -> !word.isEmpty());
    }

    /** Certain outcomes with their numbers, then those of which one is true. */
    private static String words(PossibleOutcomes tally) {
        return Stream.concat(
                        tally.outcomes().stream()
                                .filter(outcome -> tally.certain(outcome) > 0)
                                .map(outcome -> outcome + " " + tally.certain(outcome)),
                        tally.undecidedGroups().stream()
                                .map(group -> group.substring(group.indexOf("× ") + 2, group.indexOf(','))))
                .collect(Collectors.joining(", "));
    }

    private static long number(String example) {
        return Long.parseLong(example.replaceAll("^~?.|\\*.*", ""));
    }

    /** @param names of the fields, with spaces between them */
    private static PlainRecord plain(String schema, String names, Object... values) {
        Map<String, Object> fields = new HashMap<>();
        for (String name : names.split(" ", -1)) {
            fields.put(name, values[fields.size()]);
        }
        return new PlainRecord(schema, fields);
    }

    private static PlainRecord change(String kind, String id, long time) {
        return switch (kind) {
            case "-user" -> plain("UserRemoval", "user_id", id);
            case "-item" -> plain("ItemRemoval", "item_id", id);
            default -> plain("ItemRecord", "item_id time", id, time);
        };
    }

    private static PlainRecord example(String word) {
        long time = number(word);
        double weight = word.contains("*") ? Double.parseDouble(word.substring(word.indexOf('*') + 1)) : 1;
        PlainRecord user = plain("UserFeaturesRecord", "user_id time", "ann", time);
        String id = word.replaceAll("\\*.*", "");
        String names = "example_id user item_id action weight time clicked";
        return plain("ExampleRecord", names, id, user, "i" + time, "click", weight, time, word.startsWith("c"));
    }

    private static PlainRecord batch(long step, List<String> examples) {
        int count = examples.size();
        List<String> texts = new ArrayList<>(List.of("click"));
        examples.forEach(example -> texts.add("i" + number(example)));
        return plain(
                "dev.millrace.avro.MiniBatchRecord",
                "step clock example_ids users times actions items exposed rehearsed texts",
                step,
                20,
                examples.stream().map(example -> example.replace("~", "")).toList(),
                Collections.nCopies(count, "ann"),
                examples.stream().map(LearnerAuditTest::number).toList(),
                Collections.nCopies(count, 0),
                IntStream.rangeClosed(1, count).boxed().toList(),
                examples.stream().filter(example -> example.startsWith("e")).count(),
                examples.stream().filter(example -> example.startsWith("~")).count(),
                texts);
    }
}
