package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.state.Utf8;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.verify.books.LoggedAttribution.Fault;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Two partitions, whose commits are in turn. */
class ExampleOriginTest {

    private final LoggedAttribution scene = new LoggedAttribution(Fault.NONE);

    @Test
    void examplesAreMadeAgainFromTheirEvents() {
        scene.play(3);

        List<String> events = new ArrayList<>();
        for (TrainingExample example : unique().values()) {
            ExampleOrigin origin = find(example.id()).orElseThrow();
            assertThat(origin.example()).isEqualTo(example);
            assertThat(userAt(origin.event())).isEqualTo(example.user().user());
            events.add(origin.event());
        }

        assertThat(events)
                .hasSizeGreaterThan(10)
                .anyMatch(event -> event.startsWith("clicks-0 offset"))
                .anyMatch(event -> event.startsWith("clicks-1 offset"))
                .anyMatch(event -> event.startsWith("exposures-"));
        assertThat(find("no example")).isEmpty();
    }

    @Test
    void eventsThatAreGoneAreNamed() {
        scene.play(3);
        String id = unique().keySet().iterator().next();
        for (int partition = 0; partition < LoggedAttribution.PARTITIONS; partition++) {
            scene.log.begin(scene.topics.clicks(), partition, scene.log.end(scene.topics.clicks(), partition));
        }

        assertThatThrownBy(() -> find(id))
                .isInstanceOf(BrokenLogException.class)
                .hasMessageContaining("where no record is any more");
    }

    /** The examples whose ids no other has, as the topic has them. */
    private Map<String, TrainingExample> unique() {
        Map<String, TrainingExample> examples = new LinkedHashMap<>();
        Set<String> repeated = new HashSet<>();
        TrainingRecords training = new TrainingRecords(scene.wire);
        scene.log
                .of(scene.topics.trainingExamples(), 0)
                .forEach(record -> training.decode(
                        record.value().orElseThrow(),
                        example -> {
                            if (examples.put(example.id(), example) != null) {
                                repeated.add(example.id());
                            }
                        },
                        change -> {},
                        user -> {}));
        examples.keySet().removeAll(repeated);
        return examples;
    }

    private String userAt(String place) {
        for (String topic : List.of(scene.topics.clicks(), scene.topics.exposures())) {
            for (int partition = 0; partition < LoggedAttribution.PARTITIONS; partition++) {
                for (TopicRecord record : scene.log.of(topic, partition)) {
                    if (RecordAddress.of(record).toString().equals(place)) {
                        return Utf8.text(record.key());
                    }
                }
            }
        }
        return "nobody";
    }

    private Optional<ExampleOrigin> find(String id) {
        return scene.origin(id);
    }
}
