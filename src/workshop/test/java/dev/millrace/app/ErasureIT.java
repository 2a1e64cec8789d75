package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.ItemVectors;
import dev.millrace.checkpoint.LearnerExport;
import dev.millrace.checkpoint.TowerFiles;
import dev.millrace.cli.MillraceProcess;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.operation.Operator;
import dev.millrace.operation.Progress;
import dev.millrace.state.Books;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.stream.LearnerState;
import dev.millrace.stream.Part;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicFollower;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.ErasedIds;
import dev.millrace.train.Trainer;
import dev.millrace.wire.TopicRecord;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.slf4j.LoggerFactory;

/**
 * Looks everywhere for removed users and a removed item: in every topic, every changelog, the index, the stores and files of trainer and
 * server, checkpoints and exports, answers, metrics and logs, and the heap of attribution and learner, popularity and all. What is found of
 * users is what {@link ErasureTable} says.
 */
@Tag("slow")
class ErasureIT {

    private static final Duration PATIENCE = TestCluster.PATIENCE;
    /** Looking through all entries takes long. */
    private static final Duration SELDOM = Duration.ofMillis(500);

    private static final long T0 = TestCluster.T0;
    private static final String USER = "the-user-who-goes";
    private static final String ITEM = "the-item-that-goes";
    /** Its fingerprint is the id itself. */
    private static final String SHORT = "goes-2";

    private static final List<String> LEAVING = List.of(USER, SHORT);
    /** Items that one of them alone clicked, one after the other. */
    private static final List<List<String>> PAIRS =
            List.of(List.of("kit-of-one", "page-of-one"), List.of("kit-of-two", "page-of-two"));

    private static final UserTraces TRACES = new UserTraces(LEAVING, PAIRS);

    /** More than a step of an exam comes to, so that it is open for two. */
    private static final int ITEMS_OF_A_LONG_EXAM = 16_500;

    private static final Map<String, String> EVERY_TRACE = Map.of(
            "exam.every-batch-up-to", "0",
            "exam.budget", "1000000",
            "batch.size", "8192",
            "batch.max-changes", "100000",
            "batch.max-bytes", "4000000",
            "batch.max-wait", "4s",
            "topic.vector-store.name", "vector-store",
            "batch.negatives", "8",
            "train.http.port", "0");

    // rows of the table
    private static final String BEFORE = "checkpoints, exports and backups made before";
    private static final String OLDER = "older values in compacted topics and in changelogs";
    private static final String ROCKS = "files of RocksDB";

    private static final String AFTER = "checkpoints and exports made after";
    private static final String CHECKPOINT = "model.checkpoint";

    private static final String LOAD_USER = "user-under-load-";
    private static final int LOAD_USERS = 40;
    private static final int LOAD_ITEMS = 20;
    private static final int LOAD_EVENTS = 3_000;
    /** Batches that only time closes: all events under load fit in one. */
    private static final Map<String, String> LARGE_BATCHES = Map.of(
            "batch.size", "8192", "batch.max-changes", "100000", "batch.max-bytes", "4000000", "batch.negatives", "8");

    /** Kinds of entries of other users that hold an item: histories, contributions, exposures that become examples, clicks that wait. */
    private static final String OF_OTHERS = "HPNXW";

    private static final String ATTRIBUTION = "millrace-attribute-attribution-changelog";
    private static final String CLOCKS = "millrace-attribute-attribution-books-changelog";
    private static final String LEARNER = "millrace-learn-learner-changelog";

    /** Logs, which hold what was sent until their retention ends. */
    private static final Set<String> LOGS =
            Set.of("exposures", "clicks", "users", "items", "training-examples", "mini-batches", "dead-letters");

    private final Path directory;
    /** The latest value of each key, by topic; keys and values one character a byte. */
    private final Map<String, Map<String, String>> latest = new ConcurrentHashMap<>();

    /** Records read of each topic. */
    private final Map<String, Long> read = new ConcurrentHashMap<>();

    ErasureIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void nothingIsLeftOfWhatWasRemoved() throws Exception {
        ErasureTable table = ErasureTable.read();
        Set<String> found = new TreeSet<>();
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        root.addAppender(log);
        try (TestCluster cluster = new TestCluster(directory, EVERY_TRACE)) {
            MillraceSettings settings = cluster.settings();
            PrometheusMeterRegistry training = TestCluster.metrics();
            PrometheusMeterRegistry serving = TestCluster.metrics();
            List<TopicFollower> followers = new ArrayList<>();
            try (TrainProcess trainer = TrainProcess.start(settings, TrainProcess.From.EVENTS, training);
                    ServeProcess server = ServeProcess.start(settings, serving);
                    EventProducer producer = cluster.producer()) {
                assertThat(trainer.applications().awaitRunning(PATIENCE)).isTrue();
                followAll(settings, followers);
                for (int item = 0; item < ITEMS_OF_A_LONG_EXAM; item++) {
                    producer.send(new CatalogueItem("filler-" + item, T0, Features.NONE));
                }
                produce(producer);
                awaitLearnt(trainer, 6);
                producePairs(producer); // on the users' histories
                awaitLearnt(trainer, 10);
                // they are everywhere
                await().pollInterval(SELDOM).atMost(PATIENCE).untilAsserted(() -> {
                    assertThat(topicsHolding(USER)).contains("user-features", "model-updates", ATTRIBUTION, LEARNER);
                    assertThat(topicsHolding(ITEM)).contains("item-embeddings", "model-updates", ATTRIBUTION, LEARNER);
                    assertThat(indexed(server)).contains(ITEM);
                });
                String api = server.url();
                openExam(producer);
                for (String user : LEAVING) {
                    assertThat(kindsHolding(CLOCKS, UserTraces.fingerprint(user)))
                            .as("the voice of " + user)
                            .contains('C');
                    assertThat(kindsHolding(LEARNER, UserTraces.digest(user)))
                            .as("what stands beside an item by " + user)
                            .contains('N');
                }
                PAIRS.forEach(pair -> assertThat(neighboursIn(pair)).isNotEmpty());
                assertThat(bodyOf(api + "/v1/users/" + USER)).contains("\"known\":true", ITEM);
                assertThat(firstEventOf(api + "/v1/live")).contains(USER);
                export(settings, BEFORE);
                clickOnShown(producer, USER, "stays-too", T0 + 4_500); // its example is in the open batch yet

                new ClusterOperations(settings.cluster(), settings.attribution(), InstantSource.system())
                        .erase(new Operator("ann", Operator.HTTP, "192.0.2.7", ""), USER);
                clickOnShown(producer, SHORT, "filler-of-short", T0 + 4_600); // so is this, however long the first took
                producer.removeUser(SHORT, T0 + 5_000);
                producer.removeItem(ITEM, T0 + 5_000);
                producer.flush();

                await().atMost(PATIENCE)
                        .until(() -> examples(trainer.progress()).outcome(Outcome.USER_REMOVAL) == LEAVING.size());
                await().pollInterval(SELDOM).atMost(PATIENCE).untilAsserted(() -> {
                    assertThat(topicsWithTraces()).isSubsetOf("operator-actions"); // a log
                    PAIRS.forEach(pair -> assertThat(neighboursIn(pair)).isEmpty());
                    // others' histories, and what they were shown of late, are theirs
                    assertThat(topicsHolding(ITEM)).isSubsetOf("user-features", ATTRIBUTION, LEARNER);
                    // the learner only remembers that it is gone
                    assertThat(keysHolding(LEARNER, ITEM)).containsExactly("C" + ITEM);
                    assertThat(indexed(server)).isNotEmpty().doesNotContain(ITEM);
                    assertThat(server.state().taken(FollowedTopic.ITEM_NEIGHBOURS))
                            .isEqualTo(read.get("item-neighbours"));
                    assertThat(server.state().taken(FollowedTopic.MODEL_UPDATES))
                            .isEqualTo(read.get("model-updates"));
                    assertThat(server.state().taken(FollowedTopic.USER_FEATURES))
                            .isEqualTo(read.get("user-features"));
                });
                assertThat(examples(trainer.progress()).outcome(Outcome.ERASED)).isPositive();
                assertThat(keysHolding(ATTRIBUTION, ITEM))
                        .allMatch(key -> OF_OTHERS.indexOf(key.charAt(0)) >= 0)
                        .noneMatch(key -> key.contains(USER));
                export(settings, AFTER);
                for (String user : LEAVING) { // the answer has the id that was asked for
                    assertThat(bodyOf(api + "/v1/users/" + user))
                            .isEqualTo("{\"user\":\"" + user + "\",\"known\":false,\"history\":[]}");
                }
                addIf(TRACES.areIn(firstEventOf(api + "/v1/live")), "/v1/live", found);
                addIf(TRACES.areIn(bodyOf(api + "/v1/dead-letters")), "/v1/dead-letters", found);
                addIf(TRACES.areIn(training.scrape()), "metrics of the trainer", found);
                addIf(TRACES.areIn(serving.scrape()), "metrics of the server", found);
            } finally {
                followers.forEach(TopicFollower::close);
            }
            found.addAll(topicsThatEverHeldTraces(settings));
            root.detachAppender(log);
            assertThat(log.list).isNotEmpty();
            addIf(log.list.stream().map(ErasureIT::logged).anyMatch(TRACES::areIn), "logs of the processes", found);
        }
        Map<String, Map<String, String>> kept = trainerEntries();
        assertThat(kept.keySet()).anyMatch(ErasureIT::isAttribution).anyMatch(ErasureIT::isLearner);
        kept.forEach((store, entries) -> {
            assertThat(entries).as(store).isNotEmpty();
            addIf(hasTraces(isLearner(store), entries), store, found);
            assertThat(holding(entries, ITEM))
                    .as(store)
                    .allMatch(key -> isLearner(store)
                            ? key.equals("C" + ITEM)
                            : isAttribution(store) && OF_OTHERS.indexOf(key.charAt(0)) >= 0);
        });
        Map<String, String> served = entries(directory.resolve("serve/entries"));
        assertThat(served).isNotEmpty();
        addIf(hasTraces(false, served), "store of the server", found);
        // other users' histories
        assertThat(holding(served, ITEM)).allMatch(key -> key.charAt(0) == 'u');
        Map<String, String> exported = new TreeMap<>();
        CheckpointFile.read(
                directory.resolve(AFTER).resolve(CHECKPOINT),
                (key, value) -> exported.put(UserTraces.text(key), UserTraces.text(value)),
                Progress.NONE);
        addIf(hasTraces(true, exported), AFTER, found);
        for (String folder : List.of("state", "serve", BEFORE, AFTER)) {
            found.addAll(filesWithTraces(directory.resolve(folder)));
        }

        found.removeAll(table.unseen());
        assertThat(found)
                .as("places with traces of an erased user, as docs/access.md has them")
                .isEqualTo(table.seen());
    }

    /**
     * Lets a user who goes click until an exam is open that has one of these clicks, and so nothing of other users: a batch opens one, the
     * next ends it.
     */
    private void openExam(EventProducer producer) {
        for (int click = 0; !kindsHolding(LEARNER, "filler-").contains('E'); click++) {
            assertThat(click).as("clicks without an open exam").isLessThan(10);
            String before = progressOfLearner();
            clickOnShown(producer, USER, "filler-" + click, T0 + 4_000 + click);
            await().atMost(PATIENCE).until(() -> !progressOfLearner().equals(before));
        }
    }

    /** The entry that a learner writes last at each commit. */
    private String progressOfLearner() {
        return latest.getOrDefault(LEARNER, Map.of()).getOrDefault("T", "");
    }

    private static void clickOnShown(EventProducer producer, String user, String item, long time) {
        producer.send(exposure("shown-" + item, user, item, time));
        producer.send(click("click-" + item, user, item, time + 1));
        producer.flush();
    }

    /** Writes what operators may write of a learner: a checkpoint, and its towers and vectors. */
    private void export(MillraceSettings settings, String folder) throws Exception {
        Path to = Files.createDirectories(directory.resolve(folder));
        Checkpoint checkpoint = new LearnerExport(settings.cluster(), settings.learner())
                .of(new LearnerState(settings.clients(), settings.stream(), Part.LEARN), new MemoryEntries());
        CheckpointFile.write(to.resolve(CHECKPOINT), checkpoint);
        try (Trainer trainer = checkpoint.toLookAt()) {
            ItemVectors.write(to, checkpoint.header(), trainer);
            TowerFiles.write(
                    to,
                    TowerFiles.Form.ONNX,
                    checkpoint.header(),
                    checkpoint.settings().trainer().model(),
                    trainer.model());
        }
    }

    /** The body, once the answer is one. */
    private static String bodyOf(String url) {
        return answer(url, HttpResponse.BodyHandlers.ofString());
    }

    private static String firstEventOf(String url) {
        try (Stream<String> lines = answer(url, HttpResponse.BodyHandlers.ofLines())) {
            return lines.filter(line -> line.startsWith("data:")).findFirst().orElseThrow();
        }
    }

    private static <T> T answer(String url, HttpResponse.BodyHandler<T> body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
        return await().atMost(PATIENCE)
                .until(() -> HttpClient.newHttpClient().send(request, body), answer -> answer.statusCode() == 200)
                .body();
    }

    /** An event with its pairs and its trace. */
    private static String logged(ILoggingEvent event) {
        IThrowableProxy thrown = event.getThrowableProxy();
        return event.getFormattedMessage()
                + event.getKeyValuePairs()
                + (thrown == null ? "" : ThrowableProxyUtil.asString(thrown));
    }

    private static void addIf(boolean isThere, String place, Set<String> places) {
        if (isThere) {
            places.add(place);
        }
    }

    /** The topics that hold a trace now, logs among them, and {@link #OLDER} if a compacted one has a trace anywhere. */
    private Set<String> topicsThatEverHeldTraces(MillraceSettings settings) throws Exception {
        Set<String> held = topicsWithTraces();
        try (Admin admin = Admin.create(settings.clients().asMap());
                TopicReader reader = new TopicReader(settings.clients(), PATIENCE)) {
            Set<String> all = admin.listTopics(new ListTopicsOptions().listInternal(true))
                    .names()
                    .get();
            assertThat(all)
                    .containsAll(latest.keySet())
                    .containsAll(settings.topics().names().all());
            for (String topic : all) {
                ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
                Map<ConfigResource, Config> configs =
                        admin.describeConfigs(List.of(resource)).all().get();
                boolean isCompacted = Objects.requireNonNull(configs.get(resource))
                        .get("cleanup.policy")
                        .value()
                        .contains("compact");
                reader.readAll(topic, record -> {
                    boolean isHeld = TRACES.areIn(
                            UserTraces.text(record.key()) + record.headers(),
                            record.value().map(UserTraces::text).orElse(""));
                    addIf(isHeld, isCompacted ? OLDER : topic, held);
                });
            }
        }
        return held;
    }

    /** The places of files that have traces: one for all that RocksDB writes, one for what an operator wrote before. */
    private Set<String> filesWithTraces(Path folder) throws IOException {
        Set<String> places = new TreeSet<>();
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            String place = folder.endsWith(BEFORE)
                    ? BEFORE
                    : Files.exists(file.resolveSibling("CURRENT")) ? ROCKS : file.toString();
            addIf(TRACES.areIn(Files.readAllBytes(file)), place, places);
        }
        return places;
    }

    /** Removals race the events of the same users, through a restart of the trainer; the last record of each user is a removal. */
    @Test
    void nothingIsLeftOfUsersRemovedTwice() throws Exception {
        List<TopicFollower> followers = new ArrayList<>();
        try (TestCluster cluster = new TestCluster(directory, LARGE_BATCHES);
                EventProducer producer = cluster.producer();
                ProgressWatch progress = cluster.progress()) {
            for (int item = 0; item < LOAD_ITEMS; item++) {
                producer.send(new CatalogueItem("item-" + item, T0, Features.NONE));
            }
            long events;
            try (StreamRunner trainer = cluster.run()) {
                assertThat(trainer.awaitRunning(PATIENCE)).isTrue();
                followAll(cluster.settings(), followers);
                events = produceLoad(producer, 0);
                await().atMost(PATIENCE)
                        .until(() -> topicsHolding(LOAD_USER).containsAll(Set.of("user-features", "model-updates")));
            }
            long sent = produceLoad(producer, events) + LOAD_USERS; // is there when the trainer comes back
            for (int user = 0; user < LOAD_USERS; user++) {
                producer.removeUser(LOAD_USER + user, T0 + 3 * LOAD_EVENTS);
            }
            producer.flush();
            try (StreamRunner trainer = cluster.run()) {
                // the topics alone do not say it: a user without a row may be in none before the removal is read
                await().atMost(PATIENCE).until(() -> received(progress) == sent && openRemovals(progress) == 0);
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(topicsHolding(LOAD_USER))
                        .isEmpty());
                assertThat(trainer.failure()).isEmpty();
            }
        } finally {
            followers.forEach(TopicFollower::close);
        }
        trainerEntries().forEach((store, entries) -> {
            assertThat(entries).as(store).isNotEmpty();
            assertThat(holding(entries, LOAD_USER)).as(store).isEmpty();
        });
    }

    /** Events of users that the trainer has read. */
    private static long received(ProgressWatch progress) {
        return Stream.of(InputTopic.EXPOSURES, InputTopic.CLICKS, InputTopic.USERS)
                .mapToLong(topic -> Books.Account.of(topic, progress.books()).received())
                .sum();
    }

    /** Removals that the attribution has carried out, each a record of training-examples, and that no closed batch has. */
    private static long openRemovals(ProgressWatch progress) {
        return Books.Account.of(InputTopic.USERS, progress.books()).outcome(Outcome.REMOVED)
                - examples(progress).outcome(Outcome.USER_REMOVAL);
    }

    private static void awaitLearnt(TrainProcess trainer, int clicks) {
        await().atMost(PATIENCE).until(() -> examples(trainer.progress()).outcome(Outcome.LEARNT) == clicks);
    }

    private static Books.Account examples(ProgressWatch progress) {
        return Books.Account.of(InputTopic.EXAMPLES, progress.books());
    }

    /** Sends events of all kinds in an order of chance. Returns the number of all events so far. */
    private static long produceLoad(EventProducer producer, long from) {
        for (long event = from; event < from + LOAD_EVENTS; event++) {
            String user = LOAD_USER + CounterRandom.below(LOAD_USERS, 1, event, 0);
            String item = "item-" + CounterRandom.below(LOAD_ITEMS, 1, event, 1);
            long time = T0 + event;
            switch (CounterRandom.below(12, 1, event, 2)) {
                case 0 -> producer.removeUser(user, time);
                case 1 ->
                    producer.send(
                            new UserProfile(user, time, Features.of(Map.of("city", new FeatureValue.Category(user)))));
                case 2, 3 -> producer.send(click("waits-" + event, user, item, time));
                case 4, 5, 6, 7 -> producer.send(click("click-" + event, user, item, time));
                default ->
                    producer.send(exposure("shown-" + event, user, item, time - 200)); // behind some clicks on it
            }
        }
        producer.flush();
        return from + LOAD_EVENTS;
    }

    @Test
    void theHeapHoldsNeitherOnceWhatOthersHadOfThemHasEnded() throws Exception {
        try (MillraceProcess process = MillraceProcess.start(
                MillraceProcess.Launch.PROGRAM.of(ErasedIds.class),
                directory,
                "erased",
                directory.resolve("heap").toString(),
                backwards(USER),
                backwards(ITEM))) {
            assertThat(process.awaitExit(PATIENCE)).as(process.output()).isZero();
        }

        assertThat(heapHolds("known", USER)).isTrue();
        assertThat(heapHolds("known", ITEM)).isTrue();
        assertThat(heapHolds("removed", USER)).isFalse();
        assertThat(heapHolds("later", USER)).isFalse();
        assertThat(heapHolds("later", ITEM)).isFalse();
    }

    private static String backwards(String id) {
        return new StringBuilder(id).reverse().toString();
    }

    /** Whether the bytes of an id are in a dump; a text of such letters has the same on the heap. */
    private boolean heapHolds(String when, String id) throws IOException {
        return UserTraces.text(Files.readAllBytes(directory.resolve("heap-" + when + ".hprof")))
                .contains(id);
    }

    /** Two users whom both items are shown; what becomes of each kind of event is open, attributed, waiting. */
    private static void produce(EventProducer producer) {
        Stream.concat(Stream.of(ITEM, "stays", "stays-too"), PAIRS.stream().flatMap(List::stream))
                .forEach(item -> producer.send(new CatalogueItem(item, T0, Features.NONE)));
        for (String user : List.of(USER, SHORT, "another-user")) {
            producer.send(
                    new UserProfile(user, T0, Features.of(Map.of("city", new FeatureValue.Category("of " + user)))));
            long time = T0 + 1_000;
            for (String item : List.of(ITEM, "stays")) {
                producer.send(exposure("clicked-" + item + "-" + user, user, item, time));
                producer.send(click("click-" + item + "-" + user, user, item, time + 100));
                producer.send(exposure("open-" + item + "-" + user, user, item, time + 200));
                time += 1_000;
            }
            producer.send(click("waits-" + user, user, "stays-too", time));
        }
        producer.flush();
    }

    /** Each user who goes is shown a pair, and clicks it. */
    private static void producePairs(EventProducer producer) {
        for (int of = 0; of < LEAVING.size(); of++) {
            String user = LEAVING.get(of);
            for (String item : PAIRS.get(of)) {
                producer.send(exposure("pair-" + item, user, item, T0 + 3_500));
                producer.send(click("pair-" + item, user, item, T0 + 3_600));
            }
            producer.sendBytes(
                    "exposures", Utf8.bytes(user), Optional.of(Utf8.bytes("no exposure, of " + user)), T0 + 3_700);
        }
        producer.flush();
    }

    private static Exposure exposure(String id, String user, String item, long time) {
        return new Exposure(id, user, item, time, time, Features.NONE);
    }

    private static Click click(String id, String user, String item, long time) {
        return new Click(id, user, item, Optional.empty(), "click", 1, time, time, Features.NONE);
    }

    private void followAll(MillraceSettings settings, List<TopicFollower> followers) throws Exception {
        Set<String> topics;
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", settings.clients().bootstrapServers()))) {
            topics = new HashSet<>(admin.listTopics().names().get());
        }
        assertThat(topics).containsAll(LOGS).contains(ATTRIBUTION, LEARNER);
        topics.removeAll(LOGS);
        for (String topic : topics) {
            followers.add(TopicFollower.start(settings.clients(), topic, this::take));
        }
    }

    private Set<String> topicsWithTraces() {
        Set<String> found = new TreeSet<>();
        latest.forEach((topic, entries) -> addIf(hasTraces(topic.equals(LEARNER), entries), topic, found));
        return found;
    }

    private static boolean hasTraces(boolean isOfLearner, Map<String, String> entries) {
        return entries.entrySet().stream()
                .anyMatch(entry -> isOfLearner
                        ? TRACES.areInLearner(entry.getKey(), entry.getValue())
                        : TRACES.areIn(entry.getKey(), entry.getValue()));
    }

    /** The first characters of the keys of entries that hold a text. */
    private Set<Character> kindsHolding(String topic, String text) {
        return keysHolding(topic, text).stream().map(key -> key.charAt(0)).collect(Collectors.toSet());
    }

    /** The lists of a pair's items, in the learner and in the topic. */
    private List<String> neighboursIn(List<String> pair) {
        return Stream.concat(
                        keysHolding(LEARNER, pair.get(0)).stream().filter(key -> key.startsWith("N")),
                        keysHolding("item-neighbours", pair.get(0)).stream())
                .toList();
    }

    private void take(TopicRecord record) {
        read.merge(record.topic(), 1L, Long::sum);
        Map<String, String> entries = latest.computeIfAbsent(record.topic(), topic -> new ConcurrentHashMap<>());
        record.value()
                .ifPresentOrElse(
                        value -> entries.put(UserTraces.text(record.key()), UserTraces.text(value)),
                        () -> entries.remove(UserTraces.text(record.key())));
    }

    private Set<String> topicsHolding(String id) {
        Set<String> found = new TreeSet<>();
        latest.forEach((topic, entries) -> addIf(!holding(entries, id).isEmpty(), topic, found));
        return found;
    }

    private Set<String> keysHolding(String topic, String id) {
        return holding(latest.getOrDefault(topic, Map.of()), id);
    }

    private static Set<String> holding(Map<String, String> entries, String id) {
        return entries.entrySet().stream()
                .filter(entry -> entry.getKey().contains(id) || entry.getValue().contains(id))
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> indexed(ServeProcess server) {
        Set<String> found = new TreeSet<>();
        server.state().engine().served().ifPresent(served -> {
            for (String item : List.of(ITEM, "stays", "stays-too")) {
                served.index().item(item).ifPresent(known -> found.add(item));
            }
        });
        return found;
    }

    private static boolean isAttribution(String store) {
        return store.endsWith("/attribution");
    }

    private static boolean isLearner(String store) {
        return store.endsWith("/learner");
    }

    /** What each store of the trainer held when it was closed, by its place. */
    private Map<String, Map<String, String>> trainerEntries() throws IOException, RocksDBException {
        List<Path> stores;
        try (Stream<Path> files = Files.walk(directory.resolve("state"))) {
            stores = files.filter(file -> file.endsWith("CURRENT"))
                    .map(file -> Optional.ofNullable(file.getParent()).orElseThrow())
                    .toList();
        }
        Map<String, Map<String, String>> entries = new TreeMap<>();
        for (Path store : stores) {
            entries.put(store.toString(), entries(store));
        }
        return entries;
    }

    private static Map<String, String> entries(Path store) throws RocksDBException {
        Map<String, String> entries = new TreeMap<>();
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        try (Options any = new Options();
                DBOptions options = new DBOptions()) {
            List<ColumnFamilyDescriptor> families = RocksDB.listColumnFamilies(any, store.toString()).stream()
                    .map(ColumnFamilyDescriptor::new)
                    .toList();
            try (RocksDB stored = RocksDB.openReadOnly(options, store.toString(), families, handles)) {
                for (ColumnFamilyHandle family : handles) {
                    try (RocksIterator each = stored.newIterator(family)) {
                        for (each.seekToFirst(); each.isValid(); each.next()) {
                            entries.put(UserTraces.text(each.key()), UserTraces.text(each.value()));
                        }
                    }
                }
            }
        }
        return entries;
    }
}
