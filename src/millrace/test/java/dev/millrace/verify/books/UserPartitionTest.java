package dev.millrace.verify.books;

import static dev.millrace.verify.books.JoinedPartition.click;
import static dev.millrace.verify.books.JoinedPartition.exposure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.WireSettings;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class UserPartitionTest {

    private static final long T0 = 1_767_225_600_000L;

    private final TopicNames topics = TopicNames.read(new SettingsReader(Map.of()));
    private final AvroWire wire = new AvroWire(WireSettings.read(new SettingsReader(Map.of())));
    private CountReport.Findings findings = new CountReport.Findings();
    private final JoinedPartition partition = new JoinedPartition("negatives.exposed=1", "negatives.exposed.sample=1");

    /** The trainer reads on while it is audited. */
    @Test
    void eventsBehindThePositionExplainTheirExamples() {
        Click click = click("c", "ann", "book", "", "click", T0);
        Exposure exposure = exposure("e", "ann", "book", T0);
        UserFeatures ann = new UserFeatures("ann", T0, Features.NONE, List.of());
        partition.examples.add(new TrainingExample("c", ann, Features.NONE, "book", "click", 1, T0, T0));
        partition.examples.add(new TrainingExample("c", ann, Features.NONE, "book", "click", 1, T0 + 1, T0));
        partition.examples.add(new TrainingExample("c", ann, Features.NONE, "pen", "click", 1, T0, T0));
        partition.examples.add(new TrainingExample("e", ann, Features.NONE, "book", "", 1, T0 + 7, 0, false));
        partition.examples.add(new TrainingExample("other", ann, Features.NONE, "book", "", 1, T0 + 7, 0, false));
        EventRecords events = new EventRecords(wire);
        TopicLog log = new RecordsInMemory(Map.of(
                topics.clicks(), events.encode(topics.clicks(), click),
                topics.exposures(), events.encode(topics.exposures(), exposure)));

        BitSet explained = new BitSet();
        new UserPartition(partition.settings, topics, 0)
                .explainUncounted(counted(log, Placement.ANY), partition.log().byOrigin(), explained);

        assertThat(explained.stream()).containsExactly(0, 3);
    }

    /** Murmur2 of an empty key is 275646681: modulo 2 it is 1. */
    @Test
    void misplacedRecordsAreNamed() {
        TopicLog log = new RecordsInMemory(Map.of());
        for (Placement placement : Placement.values()) {
            counted(log, placement).read(InputTopic.ITEMS, 0, List.of(), (record, value) -> {});
            assertThat(findings.report().faults())
                    .containsExactlyElementsOf(
                            placement == Placement.ANY
                                    ? List.of()
                                    : List.of("items-0 offset 0 is not in the partition of its key, 1, and was not"
                                            + " rejected"));
            findings = new CountReport.Findings();
        }
    }

    private CountedRecords counted(TopicLog log, Placement placement) {
        return new CountedRecords(
                log,
                new PlainValues(wire),
                topics,
                new BooksSnapshot(Map.of()),
                placement,
                ExperimentReference.Lookup.NONE,
                findings);
    }

    /** A log of one record a topic. */
    private record RecordsInMemory(Map<String, byte[]> values) implements TopicLog {

        @Override
        public int partitions(String topic) {
            return 2;
        }

        @Override
        public long begin(String topic, int partition) {
            return 0;
        }

        @Override
        public long end(String topic, int partition) {
            return 1;
        }

        @Override
        public long committedEnd(String topic, int partition) {
            return 1;
        }

        @Override
        public void read(String topic, int partition, long until, Consumer<TopicRecord> each) {
            each.accept(new TopicRecord(
                    topic, new byte[0], Optional.ofNullable(values.get(topic)), 0, partition, 0, Map.of()));
        }

        @Override
        public void close() {}
    }
}
