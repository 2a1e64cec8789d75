package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.negative.NegativeDraws;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicNames;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LearnerAuditTest {

    private static final TopicNames TOPICS = TopicNames.read(new SettingsReader(Map.of()));
    private static final long POSITION = 100;
    private static final long T0 = 1_767_225_600_000L; // of items and batches

    private final LearnerAudit audit = new LearnerAudit(POSITION, TOPICS);

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
        words(examples, " ").forEach(example -> audit.example(example(example), 10L * number(example)));
        words(changes, ", ").map(change -> change.split(" ", -1)).forEach(change -> {
            long time = change.length > 3 ? Long.parseLong(change[3]) : 7;
            long at = Long.parseLong(change[2]);
            audit.change(change(change[0], change[1], time), at);
        });

        long step = 0;
        long offset = 0;
        for (String batch : words(batches, "; ").toList()) {
            List<String> learnt = new ArrayList<>(words(batch, " ").toList());
            step = learnt.get(0).equals("3") ? Long.parseLong(learnt.remove(0)) : step + 1;
            audit.batch(batch(step, learnt), place(offset++));
        }
        PossibleOutcomes tally = audit.end(step);

        if (!outcomes.isEmpty()) {
            assertThat(words(tally)).isEqualTo(outcomes);
        }
        List<String> expected = words(expectedFaults, ", ").toList();
        assertThat(audit.faults()).hasSameSizeAs(expected);
        for (int at = 0; at < expected.size(); at++) {
            assertThat(audit.faults().get(at)).contains(expected.get(at));
        }
    }

    @Test
    void batchesHaveTheTopicsChangesInOrder() {
        audit.change(change("+item", "i1", 7), 10);
        audit.change(change("-item", "i1", 7), 20);
        audit.change(change("-user", "ann", 7), 30);
        audit.change(change("-user", "bob", 7), 40);

        CatalogueChange own = announced("own", 7).unannounced();
        audit.batch(batch(1, 0, List.of(own, announced("i1", 7)), List.of("ann"), List.of()), place(0));

        assertThat(words(audit.end(1))).isEqualTo("catalogue-change 1, user-removal 1, waiting 2");
        assertThat(audit.faults()).isEmpty();
    }

    @Test
    void theNextAnnouncementSettlesAWaitingOne() {
        audit.change(change("+item", "i1", 30), 10);
        audit.change(change("+item", "i2", 30), 20);
        audit.change(change("+item", "i1", 7), 30);
        audit.change(change("+item", "i3", 40), 40);
        audit.change(change("+item", "i3", 50), 50);
        audit.change(change("+item", "i2", 30), 60);

        audit.batch(batch(1, 30, List.of(announced("i1", 7), announced("i2", 30)), List.of(), List.of()), place(0));

        // of i2 the second may have replaced the first, or come with a later batch; of i3 the second may have replaced
        // the first
        assertThat(words(audit.end(1))).isEqualTo("catalogue-change 3, waiting 1, catalogue-change or waiting");
        assertThat(audit.faults()).isEmpty();
    }

    @Test
    void aLogThatEndsBeforeTheLearnersStepIsNamed() {
        audit.example(example("c0"), 0);

        audit.batch(batch(1, List.of("c0")), place(0));
        audit.end(2);

        assertThat(audit.faults()).singleElement().asString().contains("at step 2", "ends at step 1");
    }

    /** The square of them would take hours: of all examples of the id, and of all changes of its item. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void oneClickIdMayHaveManyExamples() {
        int count = 500_000;
        LearnerAudit audit = new LearnerAudit(2L * count, TOPICS);
        for (int number = 0; number < count; number++) {
            audit.example(example("c1"), number);
        }
        for (int number = 0; number < count; number++) {
            audit.change(change("+item", "i1", 7), count + number);
        }

        audit.batch(batch(1, Collections.nCopies(count / 2, "c1")), place(0));

        assertThat(words(audit.end(1)))
                .isEqualTo("learnt or refused 250000, waiting 250001, catalogue-change or waiting");
        assertThat(audit.faults()).isEmpty();
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

    private static RecordAddress place(long offset) {
        return new RecordAddress("mini-batches", 0, offset);
    }

    private static LearnerAudit.Change change(String kind, String id, long time) {
        return switch (kind) {
            case "-user" -> LearnerAudit.Change.ofUser(id);
            case "-item" -> LearnerAudit.Change.of(new CatalogueChange.Removal(id, time));
            default -> LearnerAudit.Change.of(announced(id, time));
        };
    }

    private static CatalogueChange announced(String id, long time) {
        return new CatalogueChange.Upsert(new CatalogueItem(id, T0 + time, Features.NONE));
    }

    private static TrainingExample example(String word) {
        long time = number(word);
        double weight = word.contains("*") ? Double.parseDouble(word.substring(word.indexOf('*') + 1)) : 1;
        String id = word.replaceAll("^~|\\*.*", "");
        UserFeatures user = new UserFeatures("ann", time, Features.NONE, List.of());
        return new TrainingExample(id, user, Features.NONE, "i" + time, "click", weight, time, 0, id.startsWith("c"));
    }

    /** With examples as the rows have them. */
    private static MiniBatch batch(long step, List<String> examples) {
        return batch(step, 20, List.of(), List.of(), examples);
    }

    private static MiniBatch batch(
            long step, long clock, List<CatalogueChange> catalogue, List<String> removed, List<String> examples) {
        Map<Character, List<TrainingExample>> byKind = examples.stream()
                .collect(Collectors.groupingBy(
                        word -> word.charAt(0), Collectors.mapping(LearnerAuditTest::example, Collectors.toList())));
        List<TrainingExample> positives = byKind.getOrDefault('c', List.of());
        List<TrainingExample> rehearsed = byKind.getOrDefault('~', List.of());
        return new MiniBatch(
                step,
                0,
                catalogue,
                positives,
                new float[positives.size() + rehearsed.size()],
                List.of(),
                new float[0],
                0,
                removed,
                NegativeDraws.UNIFORM,
                byKind.getOrDefault('e', List.of()),
                rehearsed,
                T0 + clock);
    }
}
