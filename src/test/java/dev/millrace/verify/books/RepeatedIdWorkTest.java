package dev.millrace.verify.books;

import static dev.millrace.verify.books.JoinedPartition.click;
import static dev.millrace.verify.books.JoinedPartition.exposure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.WireSettings;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The work that one id costs which comes again and again: how often its examples are looked at and marked. */
class RepeatedIdWorkTest {

    private static final int TIMES = 2000;
    private static final long T0 = 1_767_225_600_000L;
    /** Looks and marks an example. The square of the examples would be a thousand times as many. */
    private static final int MOST_WORK = 4;

    private final TopicNames topics = TopicNames.read(new SettingsReader(Map.of()));
    private final AvroWire wire = new AvroWire(WireSettings.read(new SettingsReader(Map.of())));
    private final EventRecords events = new EventRecords(wire);
    private final JoinedPartition partition = new JoinedPartition(
            "negatives.exposed",
            "1",
            "negatives.exposed.sample",
            "1",
            "attribution.cap.user-item",
            "0",
            "attribution.cap.user",
            "0",
            "attribution.max-weight",
            "1e6");
    private final BitSet explained = new BitSet() {
        @Override
        public void set(int bit) {
            work++;
            super.set(bit);
        }
    };
    private long work;

    /** Of a removed user, so that each may be new: half of them of one time, the others of times of their own. */
    @Test
    void exposureOfOneIdLooksAtTheExamplesOfItsTimeOnly() {
        partition.forgotten.add("ann");
        for (int number = 0; number < TIMES; number++) {
            Exposure exposure = exposure("e", "ann", "book", T0 + Math.max(0, number - TIMES / 2));
            partition.exposures.add(exposure);
            partition.examples.add(unclicked(exposure));
        }

        OfflineJoin.run(
                counted(partition.input(true)),
                new JoinVerdicts(new PossibleOutcomes(), new PossibleOutcomes(), new ArrayList<>(), explained));

        assertThat(explained.cardinality()).isEqualTo(TIMES);
        assertThat(work).isLessThanOrEqualTo((long) MOST_WORK * TIMES);
    }

    /** Of one time, so that only their weights tell them apart; no click has the weight of the last example. */
    @Test
    void uncountedClicksOfOneIdMarkTheExamplesOfTheirWeights() {
        List<byte[]> uncounted = new ArrayList<>();
        for (int number = 1; number <= TIMES; number++) {
            Click click = new Click("c", "ann", "book", Optional.empty(), "click", number, T0, T0, Features.NONE);
            uncounted.add(events.encode(topics.clicks(), click));
            partition.examples.add(clicked(click, number < TIMES ? number : number + .5));
        }

        explainUncounted(Map.of(topics.clicks(), uncounted));

        assertThat(explained.cardinality()).isEqualTo(TIMES - 1);
        assertThat(explained.nextClearBit(0)).isEqualTo(TIMES - 1);
        assertThat(work).isLessThanOrEqualTo((long) MOST_WORK * TIMES);
    }

    /** No exposure has the time of the last example. */
    @Test
    void uncountedExposuresOfOneIdMarkTheExamplesOfTheirTimes() {
        List<byte[]> uncounted = new ArrayList<>();
        for (int number = 0; number < TIMES; number++) {
            Exposure exposure = exposure("e", "ann", "book", T0 + number);
            uncounted.add(events.encode(topics.exposures(), exposure));
            partition.examples.add(unclicked(number < TIMES - 1 ? exposure : exposure("e", "ann", "book", T0 - 1)));
        }

        explainUncounted(Map.of(topics.exposures(), uncounted));

        assertThat(explained.cardinality()).isEqualTo(TIMES - 1);
        assertThat(explained.nextClearBit(0)).isEqualTo(TIMES - 1);
        assertThat(work).isLessThanOrEqualTo((long) MOST_WORK * TIMES);
    }

    private void explainUncounted(Map<String, List<byte[]>> uncounted) {
        TopicLog log = new RecordsInMemory(uncounted);
        CountFindings findings = new CountFindings();
        CountedRecords records = new CountedRecords(
                log,
                new PlainValues(wire),
                topics,
                new BooksSnapshot(Map.of(), List.of()),
                DeadLetters.read(log, topics.deadLetters(), List.of(), Set.of(), findings),
                AttributionSettings.Placement.ANY,
                findings);
        new UserPartition(records, partition.settings, 0)
                .explainUncounted(counted(partition.input(true)).examples(), explained);
    }

    private static TrainingExample clicked(Click click, double weight) {
        return new TrainingExample(
                click.id(), user(click.time()), Features.NONE, "book", "click", weight, click.time(), click.time());
    }

    private static TrainingExample unclicked(Exposure exposure) {
        return new TrainingExample(
                exposure.id(), user(exposure.time()), Features.NONE, "book", "", 1, exposure.time(), 0, false);
    }

    private static UserFeatures user(long time) {
        return new UserFeatures("ann", time, Features.NONE, List.of());
    }

    private JoinInput counted(JoinInput input) {
        JoinInput.Examples examples = input.examples();
        return new JoinInput(
                input.rules(),
                input.times(),
                input.events(),
                new JoinInput.Examples(counted(examples.clicked()), counted(examples.unclicked()), examples.amounts()),
                input.topics());
    }

    private <T> Map<IdHash, List<T>> counted(Map<IdHash, List<T>> lists) {
        Map<IdHash, List<T>> counted = new HashMap<>();
        lists.forEach((id, list) -> counted.put(id, new AbstractList<>() {
            @Override
            public T get(int at) {
                work++;
                return list.get(at);
            }

            @Override
            public int size() {
                return list.size();
            }
        }));
        return counted;
    }

    /** A log of one partition a topic. */
    private record RecordsInMemory(Map<String, List<byte[]>> values) implements TopicLog {

        @Override
        public int partitions(String topic) {
            return 1;
        }

        @Override
        public long begin(String topic, int partition) {
            return 0;
        }

        @Override
        public long end(String topic, int partition) {
            return values.getOrDefault(topic, List.of()).size();
        }

        @Override
        public long committedEnd(String topic, int partition) {
            return end(topic, partition);
        }

        @Override
        public void read(String topic, int partition, long until, Consumer<TopicRecord> each) {
            for (int offset = 0; offset < until; offset++) {
                byte[] value = values.getOrDefault(topic, List.of()).get(offset);
                each.accept(new TopicRecord(topic, new byte[0], Optional.of(value), 0, partition, offset, Map.of()));
            }
        }

        @Override
        public void close() {}
    }
}
