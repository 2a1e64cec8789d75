package dev.millrace.wire;

import static dev.millrace.wire.GeneratedEvents.features;
import static dev.millrace.wire.GeneratedEvents.ids;
import static dev.millrace.wire.GeneratedEvents.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.Symptom;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionCommit.Run;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.avro.ExampleRecord;
import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.avro.LearnerRecord;
import dev.millrace.avro.OperatorActionRecord;
import dev.millrace.avro.ProgressRecord;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserFeaturesRecord;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.exam.Youth;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.feature.UserFeatures;
import dev.millrace.generation.GenerationFact;
import dev.millrace.index.Arrangement;
import dev.millrace.index.Draw;
import dev.millrace.index.Exploration;
import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.index.ScoredItem;
import dev.millrace.model.RowCounts;
import dev.millrace.negative.NegativeDraws;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.recall.Answer;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.RecallRequest;
import dev.millrace.state.Books;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.InputTopic;
import dev.millrace.stream.Streams;
import dev.millrace.train.StepDigest;
import dev.millrace.train.TrainingProgress;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written comes back as it was, through the bytes of the wire. */
class CodecTest {

    private static final int BROKER_LIMIT_BYTES = 1_000_000;
    private static final int SINGLE_OBJECT_HEADER_BYTES = 10; // two of the format, eight of the schema

    private final AvroWire wire = Streams.wire();

    @Test
    void commitsOfTheAttributionComeBack() {
        AttributionCommit commit = new AttributionCommit(
                3,
                1,
                1_767_225_600_000L,
                3_600_000,
                List.of(
                        new Run(InputTopic.CLICKS, 1_000_000, 2),
                        new Run(InputTopic.EXPOSURES, 0, 1),
                        new Run(InputTopic.EXPOSURES, 2, 40), // behind the end of a transaction
                        new Run(InputTopic.CLICKS, 1_000_002, 1),
                        new Run(InputTopic.USERS, 7, 1),
                        new Run(InputTopic.CLICKS, 1_000_009, 1)),
                new TreeMap<>(Map.of("bad-key", List.of(0, 3), "unknown-schema", List.of(44))));

        assertThat(again(Topic.ATTRIBUTION_COMMITS, commit)).isEqualTo(commit);
        assertThat(Topic.ATTRIBUTION_COMMITS.key(commit)).isEqualTo(new byte[] {'3'});
    }

    /** Ten commits a second, each of the two tasks of a thread, on events of which a fifth are clicks in no order. */
    @ParameterizedTest
    @CsvSource({"2000, 2.5", "10000, 1"})
    void commitOfTheAttributionTakesFewBytes(int eventsASecond, double mostBytesAnEvent) {
        int tasks = 2;
        int events = eventsASecond / 10 / tasks;
        List<Run> runs = new ArrayList<>();
        long[] next = {3_000_000_000L, 700_000_000L};
        for (int number = 0; number < events; number++) {
            int topic = CounterRandom.below(5, 1, number, 0) == 0 ? 1 : 0;
            InputTopic of = List.of(InputTopic.EXPOSURES, InputTopic.CLICKS).get(topic);
            if (!runs.isEmpty() && runs.get(runs.size() - 1).topic() == of) {
                Run run = runs.remove(runs.size() - 1);
                runs.add(new Run(of, run.first(), run.count() + 1));
            } else {
                runs.add(new Run(of, next[topic], 1));
            }
            next[topic]++;
        }
        AttributionCommit commit =
                new AttributionCommit(1, 1, 1_767_225_600_000L, 3_600_000, runs, Collections.emptySortedMap());

        int value = wire.encode(Topic.ATTRIBUTION_COMMITS, "attribution-commits", commit)
                .orElseThrow()
                .length;

        // a batch has a header of 61 bytes, a record some 10 with its key; the end of a transaction is a batch with one
        // record of 17
        double bytes = 61 + tasks * (10 + value) + 61 + 17;
        assertThat(bytes / (events * tasks)).isBetween(0.3, mostBytesAnEvent);
    }

    @Property(tries = 100)
    void exampleComesBack(@ForAll("examples") TrainingExample example) {
        byte[] bytes = new TrainingRecords(wire).encode("training-examples", example);

        assertThat(trainingRecord(bytes)).isEqualTo(example);
        assertThat(again(Topic.USER_FEATURES, example.user())).isEqualTo(example.user());
    }

    /** Not by way of Avro's classes, which would read what the short way stumbles over. */
    @Property(tries = 100)
    void theShortWaysReadExamplesAndUsers(@ForAll("examples") TrainingExample example) throws IOException {
        byte[] bytes = new TrainingRecords(wire).encode("training-examples", example);
        byte[] user = wire.encode(Topic.USER_FEATURES, "user-features", example.user())
                .orElseThrow();

        RecordDecoder from = new RecordDecoder(bytes, SINGLE_OBJECT_HEADER_BYTES);

        assertThat(from.readIndex()).isZero();
        assertThat(TrainingRecords.example(from)).isEqualTo(example);
        assertThat(from.remainingBytes()).isZero();
        assertThat(TrainingRecords.user(new RecordDecoder(user, SINGLE_OBJECT_HEADER_BYTES)))
                .isEqualTo(example.user());
    }

    @Property(tries = 100)
    void exampleHasTheBytesThatAvrosClassesWrite(@ForAll("examples") TrainingExample example) {
        UserFeaturesRecord user = new UserFeaturesRecord(
                example.user().user(),
                Instant.ofEpochMilli(example.user().time()),
                AvroBytes.features(example.user().features()),
                example.user().history());
        TrainingRecord record = new TrainingRecord(new ExampleRecord(
                example.id(),
                user,
                AvroBytes.features(example.context()),
                example.item(),
                example.action(),
                example.weight(),
                Instant.ofEpochMilli(example.time()),
                Instant.ofEpochMilli(example.producedAt()),
                example.isPositive()));

        assertThat(new TrainingRecords(wire).encode("training-examples", example))
                .isEqualTo(AvroBytes.encode(wire, "training-examples", record));
        assertThat(wire.encode(Topic.USER_FEATURES, "user-features", example.user()))
                .hasValue(AvroBytes.encode(wire, "user-features", user));
    }

    @Test
    void catalogueChangesAndRemovalsOfUsersComeBack() {
        TrainingRecords records = new TrainingRecords(wire);
        CatalogueChange listed = new CatalogueChange.Upsert(new CatalogueItem(
                "i1", 1_700_000_000_000L, Features.of(Map.of("price", new FeatureValue.Quantity(-3)))));
        CatalogueChange removed = new CatalogueChange.Removal("i1", 1_700_000_000_000L);
        for (CatalogueChange change : List.of(listed, removed)) {
            assertThat(trainingRecord(records.encode("training-examples", change)))
                    .isEqualTo(change);
        }
        assertThat(trainingRecord(records.encodeUserRemoval("training-examples", "ann")))
                .isEqualTo("ann");
    }

    /** The example, change or removed user that a value holds. */
    private Object trainingRecord(byte[] bytes) {
        List<Object> read = new ArrayList<>();
        new TrainingRecords(wire).decode(bytes, read::add, read::add, read::add);
        return read.get(0);
    }

    @Property(tries = 50)
    void miniBatchComesBackBitForBit(@ForAll("batches") MiniBatch batch) {
        assertThat(again(Topic.MINI_BATCHES, batch)).usingRecursiveComparison().isEqualTo(batch);
    }

    @Test
    void batchesOfLongHistoriesFitTheBrokersLimit() {
        List<TrainingExample> examples = new ArrayList<>();
        for (int at = 0; at < 1024; at++) {
            List<String> history = new ArrayList<>();
            for (int visit = 0; visit < 100; visit++) {
                history.add("item-with-a-long-id-" + (at * 31 + visit * 17) % 5000);
            }
            UserFeatures user = new UserFeatures("user-" + at, Streams.T0, Features.NONE, history);
            examples.add(new TrainingExample(
                    "click-" + at, user, Features.NONE, history.get(0), "click", 1, Streams.T0, Streams.T0));
        }
        MiniBatch batch = Batches.of(1, 1, List.of(), examples, new float[1024], List.of(), new float[0], 5000);

        byte[] bytes = wire.encode(Topic.MINI_BATCHES, "mini-batches", batch).orElseThrow();

        // 102,400 visits of 1 to 2 bytes, 5,000 ids of some 24 bytes, 1,024 examples of some 60 bytes
        assertThat(bytes.length).isLessThan(BROKER_LIMIT_BYTES / 2);
    }

    /** What is read of the key and bytes of a value. */
    private <T> T again(Topic<T> topic, T value) {
        Optional<byte[]> bytes = wire.encode(topic, "topic", value);
        return wire.decode(topic, new TopicRecord("topic", topic.key(value), bytes, 0, 0, 0, Map.of()))
                .orElseThrow();
    }

    /** Fields of equal types, which nothing else tells apart. */
    @Test
    void fieldsStandUnderTheirNames() throws IOException {
        Operator operator = new Operator("ann", "millrace model promote", "host-1", "ops");
        OperatorAction action = new OperatorAction(
                OperatorAction.Kind.PROMOTE, "g2", OperatorAction.Result.ACCEPTED, "g1 answered", 7, operator);
        ServingProgress told = new ServingProgress(
                "s1", "treatment", 7, 8, 9, "trial", "salt", new ArmAnswers(1, 2, 3, 4, 5, List.of(), new byte[0]));

        assertThat(named(Topic.TRAINING_PROGRESS, progress()))
                .contains(
                        "books: {clicks: {received: 3, waiting: 1, outcomes: {late: 2}}}, positions: {mini-batches-0: 7}")
                .contains(
                        "step: 100, positives: 2, refused_steps: 3, loss: 0.5, gradient_norm: 0.25, items: 4, event_time: 5")
                .contains("rows: 6, waiting_sightings: 7, expired_rows: 8, displaced_rows: 9, unannounced: 3, model: ")
                .contains("without_history: 5", "value: 123.5, limit: 100.0, since: 4")
                .contains("field_weights: {user.history: 1.25}, figures: {temperature: 0.25}");
        assertThat(named(Topic.SERVING_PROGRESS, told))
                .startsWith(
                        "{server: s1, arm: treatment, written_at: 9, experiment: trial, salt: salt, window: 7, began_at: 8")
                .contains("answers: 1, empty: 2, cold: 3, catalogue: 4, vector_age_ms: 5, took: ");
        assertThat(named(Topic.GENERATIONS, new GenerationFact("g1", GenerationFact.Kind.COMPLETE, 7, 8, 9, "app")))
                .isEqualTo("{generation: g1, fact: COMPLETE, at: 7, step: 8, items: 9, by: app, settings: {}}");
        assertThat(named(Topic.OPERATOR_ACTIONS, action))
                .isEqualTo("{action: PROMOTE, target: g2, result: ACCEPTED, detail: g1 answered, at: 7, by: ann,"
                        + " means: millrace model promote, address: host-1, client_id: ops}");
    }

    /** What a value's bytes say by its schema, as Avro prints it without quotes. */
    private <T> String named(Topic<T> topic, T value) throws IOException {
        byte[] bytes = wire.encode(topic, "topic", value).orElseThrow();
        Schema schema = wire.header(bytes, false).schema();
        RecordDecoder from = new RecordDecoder(bytes, SINGLE_OBJECT_HEADER_BYTES);
        Object record = new GenericDatumReader<>(schema).read(null, from);
        assertThat(from.remainingBytes()).isZero();
        return record.toString().replace("\"", "");
    }

    @Test
    void embeddingItsRemovalAndItsMarkComeBack() {
        for (ItemEmbedding embedding : List.of(
                new ItemEmbedding("i1", Optional.of(new float[] {0.6f, -0.8f}), "g1", 7, 8, 9),
                new ItemEmbedding("i1", Optional.empty(), "g1", 0, 0, 0),
                ItemEmbedding.mark("g1", 7))) {
            assertThat(again(Topic.ITEM_EMBEDDINGS, embedding))
                    .usingRecursiveComparison()
                    .isEqualTo(embedding);
        }
        assertThat(Topic.isMark(Topic.ITEM_EMBEDDINGS.key(ItemEmbedding.mark("g1", 7))))
                .isTrue();
        assertThat(Topic.isMark(Topic.itemKey("g1", "i1"))).isFalse();
    }

    @Test
    void neighboursAndTheirRemovalComeBack() {
        NeighbourList list = new NeighbourList(1_700_000_000_000L, 7.25, List.of("b", "c"), new float[] {0.5f, 2});

        Topic.ItemNeighbours present =
                again(Topic.ITEM_NEIGHBOURS, new Topic.ItemNeighbours("g1", 3, "a", Optional.of(list)));
        Topic.ItemNeighbours removed = new Topic.ItemNeighbours("g1", 0, "a", Optional.empty());

        assertThat(present.generation() + present.step() + present.item()).isEqualTo("g13a");
        assertThat(present.list().orElseThrow().entry()).isEqualTo(list.entry());
        assertThat(again(Topic.ITEM_NEIGHBOURS, removed)).isEqualTo(removed);
    }

    @Test
    void modelUpdateAndItsRemovalComeBack() {
        byte[] key = {1, 0, 2}; // the first NUL ends the generation
        for (ModelUpdate update : List.of(
                new ModelUpdate("g1", 7, key, Optional.of(new byte[] {3})),
                new ModelUpdate("g1", 0, key, Optional.empty()))) {
            assertThat(again(Topic.MODEL_UPDATES, update))
                    .usingRecursiveComparison()
                    .isEqualTo(update);
        }
    }

    @Test
    void whatAServerTellsOfItsAnswersComesBack() {
        ArmAnswers answers = new ArmAnswers();
        for (int at = 0; at < 2_000; at++) {
            answers.add(at % 9 == 0 ? List.of() : List.of("i" + at), at % 5 == 0, at * 100_000L, 4_000, 60_000 + at);
        }
        ServingProgress told = new ServingProgress(
                "s1", "treatment", 7, 1_699_999_999_456L, 1_700_000_000_123L, "trial", "salt", answers);

        ServingProgress back = again(Topic.SERVING_PROGRESS, told);

        assertThat(back).usingRecursiveComparison().isEqualTo(told);
        assertThat(again(
                                Topic.SERVING_PROGRESS,
                                new ServingProgress("s1", "control", 0, 1, 1, "trial", "", new ArmAnswers()))
                        .answers()
                        .answers())
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void loggedAnswerComesBackBitForBit(boolean isExplored) {
        RecallRequest request = new RecallRequest(
                "sha256:00",
                3,
                true,
                Set.of("x", "y"),
                new ItemFilter(List.of(
                        new ItemFilter.AnyOf("category", Set.of("shoes", "boots")),
                        new ItemFilter.Between("price", Double.NEGATIVE_INFINITY, 20))),
                Features.NONE,
                new RecallRequest.Weights(
                        new GivenWeights(OptionalDouble.of(0.5), OptionalDouble.empty()), Map.of("mlp", 0.25)),
                Optional.empty(),
                Optional.empty(),
                0,
                new Arrangement(
                        List.of(
                                new Arrangement.Boost("category", "boots", 0.1),
                                new Arrangement.Boost("price", "3", -2)),
                        Map.of("maker", 2, "category", 1),
                        isExplored ? OptionalDouble.empty() : OptionalDouble.of(0.7),
                        Map.of("i7", 1, "i9", 3),
                        isExplored
                                ? Optional.of(new Exploration(0.1, 100, 2, "00112233445566778899aabbccddeeff"))
                                : Optional.empty()));
        Draw draw = new Draw(
                "0a1b",
                List.of(
                        new Draw.Candidate(
                                "i1", 0.5f, new TreeMap<>(Map.of("maker", List.of("m1", "m2"), "category", List.of()))),
                        new Draw.Candidate("i2", -0.0f, new TreeMap<>())),
                List.of(new Draw.Newcomer(
                        new Draw.Candidate("i3", 0.25f, new TreeMap<>(Map.of("maker", List.of("m1")))), 7)),
                List.of(new ScoredItem("i1", 0.5f)),
                List.of(0.1));
        Answer.Assigned assigned = new Answer.Assigned("trial", Arm.TREATMENT);
        for (boolean isKnown : new boolean[] {true, false}) {
            LoggedAnswer answer = new LoggedAnswer(
                    new LoggedAnswer.Origin("host-1", 1_700_000_000_123L, "g1", Optional.of(assigned)),
                    new LoggedAnswer.Asker("sha256:00", isKnown ? Optional.of("12ab") : Optional.empty()),
                    new LoggedAnswer.Question(request, Set.of(LoggedAnswer.Unlogged.CONTEXT)),
                    new LoggedAnswer.Standing(
                            new TreeMap<>(Map.of("item-embeddings-0", 7L, "networks-0", 3L)),
                            isKnown,
                            new ItemIndex.AsOf(2, List.of(new ItemIndex.Moment(1_600_000_000_000L, 1_800_000)))),
                    new float[] {0.6f, -0.0f},
                    List.of(new LoggedAnswer.Item(
                            "i1",
                            0.5f,
                            new ScoreParts(0.25f, -0.0f, Float.MIN_VALUE, 1, 0.1f),
                            new Placed(3, Map.of("maker", 2), 0.3f))),
                    isExplored ? Optional.of(draw) : Optional.empty());

            assertThat(again(Topic.ANSWERS, answer)).usingRecursiveComparison().isEqualTo(answer);
        }
    }

    @Test
    void anUnknownOperatorActionIsAbsent() {
        Operator operator = new Operator("ann", "millrace model promote", "host-1", "ops");
        for (OperatorAction.Kind kind : OperatorAction.Kind.values()) {
            for (OperatorAction.Result result : OperatorAction.Result.values()) {
                OperatorAction action =
                        new OperatorAction(kind, "g2", result, "g1 answered", 1_700_000_000_123L, operator);

                assertThat(again(Topic.OPERATOR_ACTIONS, action)).isEqualTo(action);
            }
        }
        byte[] unknown = AvroBytes.encode(
                wire,
                "operator-actions",
                OperatorActionRecord.newBuilder()
                        .setAction("DANCE")
                        .setTarget("")
                        .setResult("ACCEPTED")
                        .setAt(Instant.EPOCH)
                        .setBy("")
                        .setMeans("")
                        .build());
        assertThat(wire.decode(Topic.OPERATOR_ACTIONS, new byte[0], unknown)).isEmpty();
    }

    @Test
    void popularityItemTimeAndAttributesComeBack() throws IOException {
        for (boolean isDimension : new boolean[] {false, true}) {
            ItemEmbedding embedding = new ItemEmbedding(
                    "i1",
                    Optional.of(new float[] {0.6f, -0.8f}),
                    "g1",
                    7,
                    8,
                    9,
                    new PublishedPopularity(2.75, 21_600_000, isDimension),
                    1_700_000_000_000L,
                    Features.of(Map.of(
                            "tags", new FeatureValue.Bag(List.of("a", "b")), "price", new FeatureValue.Quantity(3))));

            byte[] bytes = wire.encode(Topic.itemEmbeddings("mini-batches"), "item-embeddings", embedding)
                    .orElseThrow();
            ItemEmbeddingRecord record = AvroBytes.decode(wire, ItemEmbeddingRecord.class, bytes);
            RecordDecoder from = new RecordDecoder(bytes, SINGLE_OBJECT_HEADER_BYTES);

            assertThat(record.getLogTopic()).isEqualTo("mini-batches");
            assertThat(record.getVector()).isEqualTo(isDimension ? List.of(0.6f, -0.8f, 2.75f) : List.of(0.6f, -0.8f));
            assertThat(OutputCodec.embedding(from)).usingRecursiveComparison().isEqualTo(embedding);
            assertThat(from.remainingBytes()).isZero();
        }
    }

    @Test
    void anEmbeddingHasNotMoreDimensionsThanComponents() {
        ItemEmbeddingRecord.Builder record = ItemEmbeddingRecord.newBuilder()
                .setItemId("i1")
                .setVector(List.of(1f))
                .setGeneration("g1")
                .setStep(1)
                .setAttributes(Map.of());
        for (int extra : new int[] {-1, 2}) {
            byte[] bytes = AvroBytes.encode(
                    wire, "item-embeddings", record.setExtraDimensions(extra).build());

            assertThatThrownBy(() -> wire.decode(Topic.ITEM_EMBEDDINGS, Topic.itemKey("g1", "i1"), bytes))
                    .isInstanceOf(UndecodableException.class);
        }
    }

    @Test
    void progressComesBack() {
        PartProgress progress = progress();

        assertThat(again(Topic.TRAINING_PROGRESS, progress))
                .usingRecursiveComparison()
                .isEqualTo(progress);
    }

    @Test
    void progressWithoutYoungItemsHasScoredNone() {
        byte[] whole =
                wire.encode(Topic.TRAINING_PROGRESS, "progress", progress()).orElseThrow();
        ProgressRecord record = AvroBytes.decode(wire, ProgressRecord.class, whole);
        Schema.Field young = LearnerRecord.getClassSchema().getField("young");
        record.getTraining().put(young.pos(), GenericData.get().getDefaultValue(young));

        byte[] bytes = AvroBytes.encode(wire, "progress", record);
        ExamTotals exam = wire.decode(Topic.TRAINING_PROGRESS, new byte[0], bytes)
                .flatMap(PartProgress::training)
                .orElseThrow()
                .exam();

        assertThat(exam.model().scored()).isEqualTo(1);
        assertThat(exam.young()).containsOnlyKeys(Youth.values()).allSatisfy((youth, found) -> assertThat(found)
                .isEqualTo(ExamTotals.Young.NONE));
    }

    private static PartProgress progress() {
        SortedMap<String, Books.Account> books =
                new TreeMap<>(Map.of("clicks", new Books.Account(3, 1, new TreeMap<>(Map.of("late", 2L)))));
        RankingTotals third = RankingTotals.NONE.plus(3);
        RankingTotals fortieth = RankingTotals.NONE.plus(40);
        Map<Youth, ExamTotals.Young> young = Map.of(
                Youth.WITHIN_A_DAY, new ExamTotals.Young(third, fortieth),
                Youth.BEFORE_TEN_CLICKS, new ExamTotals.Young(fortieth, third));
        ExamTotals exam = new ExamTotals(third, fortieth, 5, young, List.of());
        TrainingProgress training = new TrainingProgress(
                "g1",
                100,
                2,
                3,
                0.5,
                0.25,
                4,
                5,
                "aa",
                List.of(new StepDigest(10, "bb")),
                new RowCounts(6, 7, 8, 9),
                3,
                exam,
                books,
                new TreeMap<>(Map.of("user.history", 1.25)),
                new TreeMap<>(Map.of("temperature", 0.25)),
                Optional.of("3 steps in a row were refused"),
                List.of(new Alarm(Symptom.NORM_DRIFT, 123.5, 100, 4), new Alarm(Symptom.GRADIENT_NORM, 1, 10, 0)));
        return new PartProgress(
                "learn-0", 6, books, new TreeMap<>(Map.of("mini-batches-0", 7L)), Optional.of(training));
    }

    @Provide
    Arbitrary<TrainingExample> examples() {
        return examples(true);
    }

    private static Arbitrary<TrainingExample> examples(boolean arePositive) {
        Arbitrary<UserFeatures> users = Combinators.combine(
                        ids(), times(), features(), ids().list().ofMaxSize(5))
                .as(UserFeatures::new);
        return Combinators.combine(ids(), users, features(), ids(), ids(), times())
                .as((id, user, context, item, action, time) ->
                        new TrainingExample(id, user, context, item, action, 0.3, time, time + 1, arePositive));
    }

    @Provide
    Arbitrary<MiniBatch> batches() {
        Arbitrary<CatalogueChange> upserts = Combinators.combine(ids(), times(), features())
                .as((id, time, features) -> new CatalogueChange.Upsert(new CatalogueItem(id, time, features)));
        Arbitrary<CatalogueChange> removals =
                Combinators.combine(ids(), times()).as(CatalogueChange.Removal::new);
        Arbitrary<CatalogueChange> changes = Combinators.combine(
                        Arbitraries.oneOf(upserts, removals), Arbitraries.of(true, false))
                .as((change, isAnnounced) -> isAnnounced ? change : change.unannounced());
        return Combinators.combine(
                        Arbitraries.longs(),
                        changes.list().ofMaxSize(3),
                        examples(true).list().ofMaxSize(6),
                        ids().list().ofMaxSize(4),
                        Arbitraries.floats(),
                        ids().list().ofMaxSize(2),
                        examples(false).list().ofMaxSize(3),
                        examples(true).list().ofMaxSize(3))
                .as((seed, catalogue, examples, negatives, log, users, exposed, rehearsed) -> new MiniBatch(
                        3,
                        seed,
                        catalogue,
                        examples,
                        filled(examples.size() + rehearsed.size(), log),
                        negatives,
                        filled(negatives.size(), log),
                        17,
                        users,
                        draws(examples.size() + rehearsed.size(), negatives, log),
                        exposed,
                        rehearsed));
    }

    /** Of as many negatives of each kind as there are, and a hard one of each other example. */
    private static NegativeDraws draws(int examples, List<String> negatives, float log) {
        int byPopularity = negatives.size() / 2;
        int[] owners = IntStream.range(0, negatives.isEmpty() ? 0 : examples)
                .filter(owner -> owner % 2 == 0)
                .toArray();
        return new NegativeDraws(
                byPopularity,
                negatives.size() / 4,
                filled(byPopularity == 0 ? 0 : examples + negatives.size(), log),
                Collections.nCopies(owners.length, negatives.isEmpty() ? "" : negatives.get(0)),
                owners);
    }

    private static float[] filled(int size, float value) {
        float[] values = new float[size];
        for (int at = 0; at < size; at++) {
            values[at] = value + at;
        }
        return values;
    }
}
