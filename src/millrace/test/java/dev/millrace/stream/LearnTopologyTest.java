package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the learner's topology learns, logs and refuses. */
class LearnTopologyTest {

    private static final Duration LONG_ENOUGH_TO_BE_IDLE = Duration.ofSeconds(5);

    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();

    private final Path state;

    LearnTopologyTest(@TempDir Path state) {
        this.state = state;
    }

    @Test
    void fullBatchIsLoggedLearntAndPublished() {
        try (LearnerDriver driver = LearnerDriver.learning(state)) {
            driver.send(new CatalogueChange.Upsert(Streams.item("i0")));
            for (int at = 0; at < LearnerDriver.BATCH; at++) {
                driver.send(LearnerDriver.example(at));
            }

            List<TestRecord<byte[], byte[]>> batches = driver.read(topics.miniBatches());
            assertThat(batches).hasSize(1);
            MiniBatch batch = wire.decode(
                            Topic.MINI_BATCHES, new byte[0], batches.get(0).value())
                    .orElseThrow();
            assertThat(batch.step()).isEqualTo(1);
            assertThat(batch.examples())
                    .extracting(TrainingExample::id)
                    .hasSize(LearnerDriver.BATCH)
                    .contains("c0", "c15");
            List<ItemEmbedding> embeddings = driver.embeddings();
            // i0 from the catalogue, and i1, i2 which examples were the first to name: examples go round three items
            assertThat(embeddings).extracting(ItemEmbedding::item).contains("i0", "i1", "i2");
            assertThat(embeddings).allMatch(embedding -> embedding.step() == 1);
            assertThat(driver.read(topics.modelUpdates())).isNotEmpty();
            PartProgress progress = driver.lastProgress();
            assertThat(progress.part()).isEqualTo("learn-0");
            assertThat(progress.training().orElseThrow().positives()).isEqualTo(LearnerDriver.BATCH);
            // 16 examples and one catalogue change
            assertThat(progress.books())
                    .containsEntry(
                            InputTopic.EXAMPLES.label(),
                            new Books.Account(17, 0, new TreeMap<>(Map.of("learnt", 16L, "catalogue-change", 1L))));
        }
    }

    @Test
    void silenceDoesNotMeanTheLearnerCaughtUp() {
        GenerationTerms far =
                new GenerationTerms("far", Streams.terms().settings(), true, Duration.ofSeconds(30), () -> 1_000);
        List<byte[]> log;
        try (LearnerDriver driver = LearnerDriver.learning(state.resolve("live"))) {
            driver.sendBatch(0, false);
            log = driver.log();
        }
        try (LearnerDriver driver = LearnerDriver.fromLog(true, far, state.resolve("log"))) {
            log.forEach(batch -> driver.send(topics.miniBatches(), batch));
            driver.advanceWallClockTime(LONG_ENOUGH_TO_BE_IDLE);
            driver.advanceWallClockTime(LONG_ENOUGH_TO_BE_IDLE);

            assertThat(driver.read(topics.itemEmbeddings())).isEmpty();
            assertThat(driver.lastProgress().training().orElseThrow().withheld())
                    .isPresent();
        }
    }

    /** Brokers refuse what is an hour ahead of their clock. */
    @Test
    void changelogEntriesHaveTheLastRecordsTime() {
        try (LearnerDriver driver = LearnerDriver.learning(state)) {
            driver.send(LearnerDriver.example(0));
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT); // closes the batch, and commits

            assertThat(driver.read("test-learner-changelog"))
                    .isNotEmpty()
                    .allMatch(entry -> entry.timestamp() == Streams.T0);
        }
    }

    @Test
    void openBatchIsClosedWhenItHasWaitedLongEnough() {
        try (LearnerDriver driver = LearnerDriver.learning(state)) {
            driver.send(LearnerDriver.example(0));
            assertThat(driver.read(topics.miniBatches())).isEmpty();

            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT);

            assertThat(driver.read(topics.miniBatches())).hasSize(1);
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT);
            assertThat(driver.read(topics.miniBatches())).isEmpty(); // nothing waits any more
        }
    }

    @Test
    void openBatchWaitsFromItsFirstExampleOn() {
        try (LearnerDriver driver = LearnerDriver.learning(state)) {
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT.minusMillis(1)); // nothing is open yet
            driver.sendBatch(0, false);
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT.minusMillis(1)); // and the one that was is full
            driver.send(LearnerDriver.example(LearnerDriver.BATCH));
            driver.read(topics.miniBatches());

            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT.minusMillis(1));
            assertThat(driver.read(topics.miniBatches())).isEmpty();

            driver.advanceWallClockTime(Duration.ofMillis(1));
            assertThat(driver.read(topics.miniBatches())).hasSize(1);
        }
    }

    @Test
    void aLearnerThatIsBehindTakesLargerBatches() {
        TrainerSettings settings = TrainerSettings.read(Streams.reader("batch.max-size", "40"));
        try (LearnerDriver driver = LearnerDriver.learning(settings, Streams.terms(), state)) {
            long longAgo = Streams.T0;
            long lately = System.currentTimeMillis(); // as the driver's clock, which stands still

            sendClicks(driver, 40, longAgo);
            assertThat(sizes(driver)).containsExactly(40);
            sendClicks(driver, 16, lately);
            assertThat(sizes(driver)).containsExactly(16);
            sendClicks(driver, 17, longAgo);
            assertThat(sizes(driver)).isEmpty();
            sendClicks(driver, 17, lately); // then not most are old
            assertThat(sizes(driver)).containsExactly(34);
            sendClicks(driver, 40, 0); // nobody knows
            assertThat(sizes(driver)).containsExactly(16, 16);
        }
    }

    private void sendClicks(LearnerDriver driver, int count, long producedAt) {
        for (int at = 0; at < count; at++) {
            TrainingExample click = LearnerDriver.example(at);
            driver.send(new TrainingExample(
                    click.id(),
                    click.user(),
                    click.context(),
                    click.item(),
                    click.action(),
                    click.weight(),
                    click.time(),
                    producedAt));
        }
    }

    private List<Integer> sizes(LearnerDriver driver) {
        return driver.log().stream()
                .map(value -> wire.decode(Topic.MINI_BATCHES, new byte[0], value)
                        .orElseThrow()
                        .examples()
                        .size())
                .toList();
    }

    @Test
    void lettersOfRefusedStepsNameTheLogPosition() {
        try (LearnerDriver driver = LearnerDriver.learning(state)) {
            for (int at = 0; at < LearnerDriver.BATCH; at++) {
                driver.send(at == 3 ? LearnerDriver.poison(at) : LearnerDriver.example(at));
            }
            driver.send(LearnerDriver.poison(LearnerDriver.BATCH));
            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT);

            List<TestRecord<byte[], byte[]>> letters = driver.read(topics.deadLetters());
            assertThat(letters).hasSize(2);
            assertThat(letters.get(0).key()).isEqualTo("1".getBytes(StandardCharsets.UTF_8));
            assertThat(letters.get(0).value()).isNull();
            assertThat(LearnerDriver.headers(letters.get(0)))
                    .containsEntry("millrace.reject.reason", "refused-step")
                    .containsEntry("millrace.step", "1")
                    .containsEntry("millrace.log.topic", "mini-batches")
                    // the record that made the batch full
                    .containsEntry("__streams.errors.topic", "training-examples")
                    .containsEntry("__streams.errors.partition", "0")
                    .containsEntry("__streams.errors.offset", "" + (LearnerDriver.BATCH - 1))
                    .hasEntrySatisfying("__streams.errors.message", message -> assertThat(message)
                            .contains("step 1 is not finite"));
            // no record closed the second
            assertThat(LearnerDriver.headers(letters.get(1)))
                    .containsEntry("millrace.step", "2")
                    .doesNotContainKey("__streams.errors.offset");
        }
    }

    @Test
    void aShadowSendsNoDeadLetters() {
        List<byte[]> log;
        try (LearnerDriver driver = LearnerDriver.learning(state.resolve("live"))) {
            for (int at = 0; at < 2 * LearnerDriver.BATCH; at++) {
                driver.send(at == LearnerDriver.BATCH ? LearnerDriver.poison(at) : LearnerDriver.example(at));
            }
            log = driver.log();
        }

        for (boolean isPublishing : List.of(true, false)) {
            try (LearnerDriver driver =
                    LearnerDriver.fromLog(isPublishing, Streams.terms(), state.resolve("log" + isPublishing))) {
                log.forEach(batch -> driver.send(topics.miniBatches(), batch));

                List<TestRecord<byte[], byte[]>> letters = driver.read(topics.deadLetters());
                assertThat(letters).hasSize(isPublishing ? 1 : 0);
                letters.forEach(letter -> assertThat(LearnerDriver.headers(letter))
                        .containsEntry("__streams.errors.topic", "mini-batches")
                        .containsEntry("__streams.errors.offset", "1"));
                assertThat(driver.lastProgress().training().orElseThrow().refusedSteps())
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void unreadableInternalRecordStopsTheLearner() {
        try (LearnerDriver driver = LearnerDriver.learning(state)) {
            assertThatThrownBy(() -> driver.send(topics.trainingExamples(), new byte[] {1, 2, 3}))
                    .hasStackTraceContaining("record at offset 0 of training-examples-0 cannot be read");
        }
    }
}
