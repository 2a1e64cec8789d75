package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;
import static dev.millrace.stream.Streams.click;
import static dev.millrace.stream.Streams.exposure;
import static dev.millrace.stream.Streams.item;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionCommit.Run;
import dev.millrace.avro.ExampleRecord;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.FeatureValue;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.ItemRemoval;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserRemoval;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroBytes;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.ExperimentHeader;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.UndecodableException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttributeTopologyTest {

    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();
    private final EventRecords events = new EventRecords(wire);

    private final TopologyTestDriver driver;

    AttributeTopologyTest(@TempDir Path state) {
        driver = new TopologyTestDriver(
                MillraceTopology.attribute(
                        topics, Streams.attribution(), Streams.attributionKept(), wire, topic -> 1, this::state),
                Streams.driver(state));
    }

    @AfterEach
    void stop() {
        driver.close();
    }

    @Test
    void profilesBeyondTheirBytesAreDeadLetters() {
        Features large = Features.of(Map.of(
                "t", new dev.millrace.event.FeatureValue.Category("x".repeat(16_384)))); // 4, and 12 and its name

        send(topics.items(), Utf8.bytes("i1"), events.encode("items", new CatalogueItem("i1", T0, large)), T0);
        send(topics.users(), Utf8.bytes("u1"), events.encode("users", new UserProfile("u1", T0, large)), T0);

        assertThat(read(topics.deadLetters())).hasSize(1).allSatisfy(letter -> assertThat(LearnerDriver.headers(letter))
                .containsEntry("millrace.reject.reason", "too-large")
                .containsEntry(
                        "__streams.errors.message",
                        "features = 16401 bytes: must be at most 16384 (limits.profile-bytes)"));
    }

    @Test
    void anExampleHasTheContextOfItsExposure() {
        send(exposure("e1", "u1", "i1", T0));

        send(click("c1", "u1", "i1", T0 + 1000));

        List<TestRecord<byte[], byte[]>> examples = read(topics.trainingExamples());
        assertThat(examples).hasSize(1);
        ExampleRecord example = (ExampleRecord) decoded(examples.get(0)).getEntry();
        assertThat(example.getExampleId()).isEqualTo("c1");
        assertThat(example.getItemId()).isEqualTo("i1");
        assertThat(example.getContext()).containsEntry("position", new FeatureValue(3.0));
        assertThat(example.getProducedAt().toEpochMilli()).isEqualTo(T0 + 1000 + 7);
        assertThat(examples.get(0).timestamp()).isEqualTo(T0 + 1000);
        assertThat(read(topics.userFeatures())).hasSize(1);
        assertThat(books()).containsEntry("clicks", account(1, 0, Map.of("attributed", 1L)));
        assertThat(books()).containsEntry("exposures", account(1, 1, Map.of()));
    }

    private boolean isFailing;

    private final Experiment experiment = Streams.trial();

    /** A state is known at offset 5 alone. */
    private Optional<Experiment> state(ExperimentReference reference) {
        if (isFailing) {
            throw new IllegalStateException("the cluster does not answer");
        }
        return Optional.of(experiment).filter(state -> reference.offset() == 5 && reference.names(state));
    }

    @Test
    void sumsOfAnExperimentGoOutWithTheBooks() {
        send(exposure("e1", "u1", "i1", T0));
        assertThat(counted()).isEmpty();

        pipe(experiment("name=trial"));
        pipe(experiment(ExperimentReference.to(experiment, 5).text()));
        send(exposure("e2", "u1", "i1", T0 + 1));
        send(click("c1", "u1", "i1", T0 + 1000)); // on the later exposure

        String arm = experiment.arm("u1").label();
        assertThat(counted().orElseThrow().experiment()).isEqualTo(experiment);
        assertThat(counted().orElseThrow().sums().byName())
                .containsEntry(arm + "/0/exposures", 1L)
                .containsEntry(arm + "/0/goals", 1L);
        assertThat(books())
                .containsEntry("exposures", account(4, 2, Map.of("experiment", 1L, "rejected: undecodable", 1L)));
        assertThat(read(topics.deadLetters())).hasSize(1).allSatisfy(letter -> assertThat(
                        LearnerDriver.headers(letter).get("__streams.errors.message"))
                .contains("a reference must be an offset, a space and a digest"));
    }

    @Test
    void eachCommitSaysWhatItRead() {
        send(exposure("e1", "u1", "i1", T0));
        send(topics.clicks(), Utf8.bytes("u1"), new byte[] {7}, T0);
        send(exposure("e2", "u1", "i1", T0));

        List<AttributionCommit> commits = commits(); // the driver commits each record
        assertThat(commits)
                .extracting(AttributionCommit::runs)
                .containsExactly(
                        List.of(new Run(InputTopic.EXPOSURES, 0, 1)),
                        List.of(new Run(InputTopic.CLICKS, 0, 1)),
                        List.of(new Run(InputTopic.EXPOSURES, 1, 1)));
        assertThat(commits)
                .extracting(commit -> Map.copyOf(commit.rejected()))
                .containsExactly(Map.of(), Map.of("undecodable", List.of(0)), Map.of());
        assertThat(commits).allSatisfy(commit -> {
            assertThat(commit.rules()).isEqualTo(Attribution.RULES);
            assertThat(commit.maxAheadMillis()).isEqualTo(3_600_000);
            assertThat(commit.clock()).isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());
        });
    }

    /** A task that fails drops its state; the driver leaves out the record that it failed at. */
    @Test
    void abortedReadsAreInNoCommit() {
        send(exposure("e1", "u1", "i1", T0));
        isFailing = true;
        assertThatThrownBy(() ->
                        pipe(experiment(ExperimentReference.to(experiment, 5).text())))
                .hasRootCauseMessage("the cluster does not answer");
        isFailing = false;
        ((WriteThroughStore<?>) driver.getStateStore(MillraceTopology.ATTRIBUTION_BOOKS_STORE)).clearCache();

        send(exposure("e2", "u1", "i1", T0)); // behind the record that failed

        assertThat(commits())
                .extracting(AttributionCommit::runs)
                .containsExactly(
                        List.of(new Run(InputTopic.EXPOSURES, 0, 1)), List.of(new Run(InputTopic.EXPOSURES, 2, 1)));
    }

    private List<AttributionCommit> commits() {
        return read(topics.attributionCommits()).stream()
                .flatMap(record -> wire.decode(Topic.ATTRIBUTION_COMMITS, LearnerDriver.plain(record)).stream())
                .toList();
    }

    @Test
    void producerStartsEndsAndDelaysNoExperiment() {
        Experiment forged = experiment.ended(Experiment.Result.STOPPED, Long.MAX_VALUE, "forged");
        pipe(experiment(ExperimentReference.to(experiment, 4).text())); // nothing took effect there
        pipe(experiment(ExperimentReference.to(forged, 5).text())); // something else took effect
        pipe(experiment(ExperimentReference.to(forged, Long.MAX_VALUE / 10).text()));
        pipe(experiment(forged.lines()));
        assertThat(counted()).isEmpty();

        pipe(experiment(ExperimentReference.to(experiment, 5).text()));

        assertThat(counted().orElseThrow().experiment()).isEqualTo(experiment);
        assertThat(books())
                .containsEntry(
                        "exposures",
                        account(
                                5,
                                0,
                                Map.of(
                                        "experiment",
                                        1L,
                                        "rejected: undecodable",
                                        1L,
                                        "rejected: unknown-experiment",
                                        3L)));
        assertThat(LearnerDriver.headers(read(topics.deadLetters()).get(0)))
                .containsEntry("millrace.reject.reason", "unknown-experiment");
    }

    private Optional<PartProgress.Counted> counted() {
        progress.addAll(read(topics.trainingProgress()));
        return progress.stream()
                .flatMap(record -> wire.decode(Topic.TRAINING_PROGRESS, LearnerDriver.plain(record)).stream())
                .flatMap(part -> part.experiment().stream())
                .reduce((earlier, later) -> later);
    }

    private static TestRecord<byte[], byte[]> experiment(String reference) {
        Headers headers = new RecordHeaders();
        headers.add(new RecordHeader(ExperimentHeader.NAME, Utf8.bytes(reference)));
        return new TestRecord<>(ExperimentHeader.key(), null, headers, T0);
    }

    private void pipe(TestRecord<byte[], byte[]> record) {
        driver.createInputTopic(topics.exposures(), new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(record);
    }

    /** The driver's clock is at today, {@code attribution.max-ahead} is an hour. */
    @ParameterizedTest
    @CsvSource({
        "PT-1H-1S, 0", // sent more than an hour before it happened: cannot be
        "PT-1H, " + (T0 - 3_600_000), // clocks may differ by that much
        "P30D, " + (T0 + 2_592_000_000L), // sent a month after it happened, as in a replay
        "P36500D, 0", // not yet
    })
    void aTimeOfSendingThatCannotBeCountsAsUnknown(Duration afterTheClick, long expected) {
        send(exposure("e1", "u1", "i1", T0));

        send(new Click(
                "c1", "u1", "i1", Optional.empty(), "click", 1, T0, T0 + afterTheClick.toMillis(), Features.NONE));

        ExampleRecord example =
                (ExampleRecord) decoded(read(topics.trainingExamples()).get(0)).getEntry();
        assertThat(example.getProducedAt().toEpochMilli()).isEqualTo(expected);
    }

    @Test
    void unreadableRecordsBecomeCountedDeadLetters() {
        byte[] key = Utf8.bytes("u1");
        byte[] poison = {(byte) 0xC3, 1, 2, 3};

        send(topics.clicks(), key, poison, T0);

        TestRecord<byte[], byte[]> letter = read(topics.deadLetters()).get(0);
        assertThat(letter.key()).isEqualTo(key);
        assertThat(letter.value()).isEqualTo(poison);
        Map<String, String> headers = LearnerDriver.headers(letter);
        assertThat(headers)
                .containsEntry("millrace.reject.reason", "undecodable")
                .containsEntry("__streams.errors.topic", "clicks")
                .containsEntry("__streams.errors.partition", "0")
                .containsEntry("__streams.errors.offset", "0")
                .containsKey("__streams.errors.message")
                .containsEntry("__streams.errors.exception", UndecodableException.class.getName());
        assertThat(books().get("clicks")).isEqualTo(account(1, 0, Map.of("rejected: undecodable", 1L)));
    }

    @Test
    void recordThatIsTooLargeToGoOnLeavesItsValueWhereItWas() {
        send(topics.clicks(), Utf8.bytes("u1"), new byte[1_048_000], T0);

        TestRecord<byte[], byte[]> letter = read(topics.deadLetters()).get(0);
        assertThat(letter.key()).isEqualTo(Utf8.bytes("u1"));
        assertThat(letter.value()).isNull();
        assertThat(LearnerDriver.headers(letter))
                .containsEntry("millrace.reject.reason", "unknown-schema")
                .containsEntry("millrace.left-out.bytes", "1048002")
                .containsEntry("__streams.errors.offset", "0");
        assertThat(books().get("clicks")).isEqualTo(account(1, 0, Map.of("rejected: unknown-schema", 1L)));
    }

    /** As a tool does that sends dead letters again as they are. */
    @Test
    void deadLetterThatIsSentAgainAndAgainDoesNotGrow() {
        var clicks = driver.createInputTopic(topics.clicks(), new ByteArraySerializer(), new ByteArraySerializer());
        Headers trace = new RecordHeaders(List.of(new RecordHeader("trace", Utf8.bytes("t1"))));
        TestRecord<byte[], byte[]> last = new TestRecord<>(Utf8.bytes("u1"), new byte[] {1}, trace, T0);
        Set<Integer> sizes = new HashSet<>();
        for (int time = 0; time <= 20; time++) {
            clicks.pipeInput(new TestRecord<>(last.key(), last.value(), last.headers(), T0));
            last = read(topics.deadLetters()).get(0);
            sizes.add(last.headers().toArray().length);
        }

        assertThat(sizes).hasSize(1);
        assertThat(LearnerDriver.headers(last))
                .containsEntry("trace", "t1")
                .containsEntry("millrace.reject.reason", "undecodable")
                .containsEntry("__streams.errors.offset", "20");
    }

    @Test
    void eventFromTheFutureIsRejected() {
        long tomorrow = System.currentTimeMillis() + Duration.ofDays(1).toMillis(); // the driver's clock is at today

        send(exposure("e1", "u1", "i1", tomorrow));

        assertThat(books().get("exposures")).isEqualTo(account(1, 0, Map.of("rejected: bad-time", 1L)));
        assertThat(LearnerDriver.headers(read(topics.deadLetters()).get(0)).get("__streams.errors.message"))
                .contains("must be at most attribution.max-ahead, PT1H, after the wall clock");
    }

    @Test
    void eachKindOfUnusableRecordHasItsReason() {
        Exposure good = exposure("e1", "u1", "i1", T0);
        ExposureEvent seconds = event("i1", T0 / 1000); // a producer that sends seconds
        ExposureEvent blank = event(" ", T0);
        byte[] unknown = events.encode("exposures", good);
        unknown[5]++; // of the fingerprint

        send(topics.exposures(), Utf8.bytes("u1"), AvroBytes.encode(wire, "exposures", seconds), T0);
        send(topics.exposures(), Utf8.bytes("u1"), AvroBytes.encode(wire, "exposures", blank), T0);
        send(topics.exposures(), Utf8.bytes("u1"), unknown, T0);
        send(topics.exposures(), Utf8.bytes("u1"), events.encode("clicks", click("c", "u1", "i1", T0)), T0);
        send(topics.exposures(), Utf8.bytes("u1"), null, T0);
        send(topics.exposures(), Utf8.bytes("u2"), events.encode("exposures", good), T0);
        send(topics.exposures(), null, events.encode("exposures", good), T0);
        send(topics.exposures(), Utf8.bytes("u1"), new byte[0], T0);

        assertThat(books().get("exposures"))
                .isEqualTo(account(
                        8,
                        0,
                        Map.of(
                                "rejected: bad-time", 1L,
                                "rejected: bad-item", 1L,
                                "rejected: unknown-schema", 1L,
                                "rejected: null-value", 1L,
                                "rejected: bad-key", 2L,
                                "rejected: undecodable", 2L)));
        assertThat(read(topics.deadLetters())).hasSize(8);
        assertThat(read(topics.trainingExamples())).isEmpty();
    }

    @Test
    void theBooksBalanceWithRepeatedEvents() {
        send(exposure("e1", "u1", "i1", T0));
        send(exposure("e1", "u1", "i1", T0));
        send(click("c1", "u1", "i1", T0 + 1000));
        send(click("c1", "u1", "i1", T0 + 1000));
        send(click("c2", "u1", "i9", T0 + 2000)); // never shown
        send(exposure("e2", "u1", "i2", T0 + 600_000));
        send(click("c3", "u1", "i2", T0 + 600_500)); // both topics have passed every window before

        assertThat(books().get("exposures")).isEqualTo(account(3, 1, Map.of("duplicate", 1L, "clicked", 1L)));
        assertThat(books().get("clicks"))
                .isEqualTo(account(4, 0, Map.of("attributed", 2L, "duplicate", 1L, "orphan", 1L)));
        assertThat(books().values()).allMatch(Books.Account::isBalanced);
    }

    @Test
    void nullValueForgetsAUser() {
        send(exposure("e1", "u1", "i1", T0));

        send(topics.users(), Utf8.bytes("u1"), null, T0 + 1);

        TestRecord<byte[], byte[]> tombstone = read(topics.userFeatures()).get(0);
        assertThat(tombstone.key()).isEqualTo(Utf8.bytes("u1"));
        assertThat(tombstone.value()).isNull();
        TestRecord<byte[], byte[]> removal = read(topics.trainingExamples()).get(0);
        assertThat(removal.key()).isEqualTo(Utf8.bytes("u1"));
        assertThat(decoded(removal).getEntry()).isEqualTo(new UserRemoval("u1"));
        assertThat(books().get("exposures")).isEqualTo(account(1, 0, Map.of("erased", 1L)));
    }

    @Test
    void catalogueChangesJoinTheTrainingExamples() {
        send(topics.items(), Utf8.bytes("i1"), events.encode("items", item("i1")), T0);
        send(topics.items(), Utf8.bytes("i1"), null, T0 + 5);
        send(topics.items(), Utf8.bytes("i2"), events.encode("items", item("i1")), T0);

        List<TestRecord<byte[], byte[]>> changes = read(topics.trainingExamples());
        assertThat(changes).hasSize(2);
        assertThat(((ItemEvent) decoded(changes.get(0)).getEntry()).getItemId()).isEqualTo("i1");
        ItemRemoval removal = (ItemRemoval) decoded(changes.get(1)).getEntry();
        assertThat(removal.getItemId()).isEqualTo("i1");
        assertThat(removal.getTime().toEpochMilli()).isEqualTo(T0 + 5);
        assertThat(books().get("items"))
                .isEqualTo(account(3, 0, Map.of("applied", 1L, "removed", 1L, "rejected: bad-key", 1L)));
    }

    private void send(Exposure exposure) {
        send(topics.exposures(), Utf8.bytes(exposure.user()), events.encode("exposures", exposure), exposure.time());
    }

    private void send(Click click) {
        send(topics.clicks(), Utf8.bytes(click.user()), events.encode("clicks", click), click.time());
    }

    private void send(String topic, byte @Nullable [] key, byte @Nullable [] value, long time) {
        Streams.send(driver, topic, key, value, time);
    }

    private List<TestRecord<byte[], byte[]>> read(String topic) {
        return Streams.read(driver, topic);
    }

    private final List<TestRecord<byte[], byte[]>> progress = new ArrayList<>();

    /** The latest accounts of all parts, by logical topic. */
    private SortedMap<String, Books.Account> books() {
        progress.addAll(read(topics.trainingProgress()));
        Map<String, PartProgress> latest = new TreeMap<>();
        progress.forEach(record -> wire.decode(Topic.TRAINING_PROGRESS, LearnerDriver.plain(record))
                .ifPresent(part -> latest.put(part.part(), part)));
        SortedMap<String, Books.Account> books = new TreeMap<>();
        latest.values().forEach(part -> books.putAll(part.books()));
        return books;
    }

    private TrainingRecord decoded(TestRecord<byte[], byte[]> record) {
        return AvroBytes.decode(wire, TrainingRecord.class, record.value());
    }

    private static ExposureEvent event(String item, long time) {
        return ExposureEvent.newBuilder()
                .setExposureId("e9")
                .setUserId("u1")
                .setItemId(item)
                .setTime(Instant.ofEpochMilli(time))
                .setContext(Map.of())
                .build();
    }

    private static Books.Account account(long received, long waiting, Map<String, Long> outcomes) {
        return new Books.Account(received, waiting, new TreeMap<>(outcomes));
    }
}
