package dev.millrace.faults;

import static dev.millrace.state.Outcome.APPLIED;
import static dev.millrace.state.Outcome.ATTRIBUTED;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.MillraceProcess;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.TopicRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.core.ConditionTimeoutException;

/**
 * One experiment: a broker and trainers as processes of their own, which a test disturbs, and the comparison of what they left
 * with an undisturbed run of the same input.
 *
 * <p>All begin from a copy of one scene: topics, and a trainer that has taken in the catalogue and was stopped. Batches close
 * only when they are full, so that where the input is one partition and loaded beforehand, nothing depends on a clock, and a
 * disturbed run must write the same log.
 */
final class Experiment implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Changes what an experiment draws at random; printed with its report. */
    static final long SEED = Long.getLong("faults.seed", 1L);

    private static final String ENGINE = System.getProperty("faults.engine", "vector");
    /** Further settings of all trainers, {@code KEY=VALUE,KEY=VALUE}. */
    private static final String SET = System.getProperty("faults.set", "");

    // other test processes run beside this one
    private static final long FORK = ProcessHandle.current().pid();

    private static final Path ROOT = Path.of("target/faults").toAbsolutePath();
    private static final List<String> REPLICATED = List.of(
            "min.insync.replicas=2",
            "offsets.topic.replication.factor=3",
            "transaction.state.log.replication.factor=3",
            "transaction.state.log.min.isr=2");
    /** With {@code stream.group-protocol = streams} the brokers say how long a killed trainer is waited for: 45 s, unless told. */
    private static final List<String> SESSIONS = List.of(
            "group.streams.min.session.timeout.ms=6000",
            "group.streams.session.timeout.ms=6000",
            "group.streams.min.heartbeat.interval.ms=1000",
            "group.streams.heartbeat.interval.ms=1000");

    private static final Map<Integer, Path> SCENES = new ConcurrentHashMap<>();
    private static final Map<String, Outcome> UNDISTURBED = new ConcurrentHashMap<>();

    private final FaultReport report;
    private final Path directory;
    private final int partitions;
    private final Map<String, String> given = new TreeMap<>();
    /** What {@link #setForBoth} set. */
    private final Map<String, String> givenToBoth = new TreeMap<>();

    private final Random random = new Random(SEED);
    private final List<TrainerProcess> trainers = new ArrayList<>();
    private final List<BrokerProcess> brokers;
    private final ProgressWatch progress;
    private boolean isPassed;

    private Experiment(String id, String what, int partitions, Path directory) throws Exception {
        this(
                new FaultReport(id, what, SEED),
                partitions,
                directory,
                List.of(new BrokerProcess(directory, 0, SESSIONS)));
    }

    private Experiment(FaultReport report, int partitions, Path directory, List<BrokerProcess> brokers)
            throws Exception {
        this.report = report;
        this.partitions = partitions;
        this.directory = directory;
        this.brokers = brokers;
        given.putAll(Map.of(
                "batch.size", "16",
                "batch.negatives", "32",
                "batch.max-wait", "1h",
                "tower.dim", "16",
                "model.engine", ENGINE,
                "attribution.window", "60s",
                "attribution.click-wait", "30s",
                "publish.max-age.steps", "20",
                "digest.steps", "10",
                "stream.learn.commit-interval", "100ms"));
        given.putAll(Map.of(
                "batch.max-size", "0", // a trainer that returns is behind, and would join batches
                "topic.partitions", Integer.toString(partitions),
                "train.http.port", "0",
                "serve.port", "0",
                "serve.state-dir", directory.resolve("serve").toString(),
                "features.user", "user, history, country",
                "features.item", "item, category, price",
                "features.item.price.kind", "numeric"));
        for (String setting : SET.isEmpty() ? new String[0] : SET.split(",", -1)) {
            String[] parts = setting.split("=", 2);
            given.put(parts[0], parts[1]);
        }
        given.put("topic.replicas", Integer.toString(brokers.size()));
        given.put(
                "kafka.bootstrap.servers",
                brokers.stream().map(BrokerProcess::address).collect(Collectors.joining(",")));
        new Topics(settings().clients(), settings().topics(), PATIENCE).create();
        progress = watch();
    }

    /** Begins on a fresh copy of the scene. */
    static Experiment begin(String id, String what, int partitions) throws Exception {
        return new Experiment(id, what, partitions, copy(scene(partitions), id));
    }

    /** Begins with empty topics and no state, for settings that the scene was not made with; see {@link #takeCatalogue}. */
    static Experiment beginEmpty(String id, String what, int partitions) throws Exception {
        return new Experiment(id, what, partitions, fresh(id));
    }

    /**
     * Begins with empty topics on three brokers, each of them a controller too. Each topic has three replicas, of which two must have
     * what is acknowledged.
     */
    static Experiment beginOnThree(String id, String what) throws Exception {
        Path directory = fresh(id);
        List<Path> own = List.of(directory.resolve("node-1"), directory.resolve("node-2"), directory.resolve("node-3"));
        return new Experiment(new FaultReport(id, what, SEED), 1, directory, BrokerProcess.quorum(own, REPLICATED));
    }

    /** What is done to a run. */
    interface Disturbance {
        void happens(Experiment run, Outcome expected) throws Exception;
    }

    /** Loads an input of one partition, disturbs the run of it, and demands the log of an undisturbed one. */
    static void sameLog(String id, String what, Input input, Disturbance disturbance) throws Exception {
        try (Experiment run = begin(id, what, 1)) {
            Outcome expected = input.rejectedOf(run.undisturbed(input.good()));
            run.load(input);
            disturbance.happens(run, expected);
            run.judge(expected, Judgement.Demand.SAME_LOG);
        }
    }

    /** Disturbs a run while a stream arrives, and demands the examples of an undisturbed one. */
    static void underLoad(String id, String what, int partitions, SeededStream stream, Disturbance disturbance)
            throws Exception {
        try (Experiment run = begin(id, what, partitions)) {
            Outcome undisturbed = run.undisturbed(stream);
            try (PacedLoad load = PacedLoad.start(run, stream)) {
                disturbance.happens(run, undisturbed);
                load.finish();
            }
            run.judge(undisturbed, Judgement.Demand.SAME_EXAMPLES);
        }
    }

    /** Waits for what must come within the patience of an experiment. */
    static void awaits(String what, Callable<Boolean> condition) {
        await(what).atMost(PATIENCE).until(condition);
    }

    /** What a trainer that nothing disturbs makes of the input; run once for each input, number of partitions and {@link #setForBoth}. */
    Outcome undisturbed(Input input) throws Exception {
        String name = partitions + "/" + input + givenToBoth;
        Outcome known = UNDISTURBED.get(name);
        if (known == null) {
            try (Experiment clean = begin("undisturbed-" + partitions + "-" + FORK, "", partitions)) {
                givenToBoth.forEach(clean::set);
                clean.load(input);
                clean.train();
                clean.awaitRead(input.sent());
                known = clean.outcome();
            }
            UNDISTURBED.put(name, known);
        }
        return known;
    }

    /** What this run left; it is then one that others are held against, and reports nothing. */
    Outcome outcome() throws InterruptedException {
        stopTrainers();
        isPassed = true;
        return Outcome.read(settings());
    }

    Random random() {
        return random;
    }

    Path directory() {
        return directory;
    }

    /** The broker, or the first if there are several. */
    BrokerProcess broker() {
        return broker(1);
    }

    BrokerProcess broker(int node) {
        return brokers.get(node - 1);
    }

    void killBroker() throws InterruptedException {
        broker().kill();
        note("broker killed, at step " + step());
    }

    void startBroker() throws IOException, InterruptedException {
        broker().startAgain();
        note("broker started");
    }

    /** Waits for a step somewhere in the part of the run that comes to this fault of several. */
    void awaitPart(Outcome undisturbed, int fault, int faults) {
        awaitStep((long) (undisturbed.step() * (fault - 1 + 0.2 + 0.6 * random.nextDouble()) / faults));
    }

    FaultReport report() {
        return report;
    }

    void note(String happened) {
        report.note(happened);
    }

    /** Sets something for the processes that are started from now on. */
    void set(String key, String value) {
        given.put(key, value);
    }

    /** Sets something that changes what is learnt: for this run and, called before it, for {@link #undisturbed}. */
    void setForBoth(String key, String value) {
        givenToBoth.put(key, value);
        set(key, value);
    }

    MillraceSettings settings() {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
    }

    EventProducer producer() {
        MillraceSettings settings = settings();
        return new EventProducer(
                settings.clients(),
                settings.topics().names(),
                settings.cluster().wire());
    }

    /** Sends all of it. */
    void load(Input input) {
        try (EventProducer producer = producer()) {
            input.sendAll(producer);
        }
        note("loaded " + input.sent());
    }

    /** Starts a trainer on the scene's state directory. */
    TrainerProcess train() throws IOException {
        return train("state");
    }

    TrainerProcess train(String state, String... keysAndValues) throws IOException {
        return train(MillraceProcess.Launch.PROGRAM, state, List.of("train"), keysAndValues);
    }

    /**
     * Starts a trainer.
     *
     * @param state name of its state directory
     * @param command first arguments
     * @param keysAndValues settings beside those of the experiment
     */
    TrainerProcess train(MillraceProcess.Launch launch, String state, List<String> command, String... keysAndValues)
            throws IOException {
        Map<String, String> all = new TreeMap<>(given);
        all.put("stream.state-directory", directory.resolve(state).toString());
        for (int at = 0; at < keysAndValues.length; at += 2) {
            all.put(keysAndValues[at], keysAndValues[at + 1]);
        }
        TrainerProcess trainer = TrainerProcess.start(
                launch, directory, "train-" + (trainers.size() + 1), arguments(command, all), report);
        trainers.add(trainer);
        return trainer;
    }

    /** Starts another command of the program, given the experiment's settings. */
    MillraceProcess run(String name, String... command) throws IOException {
        return run(MillraceProcess.Launch.PROGRAM, name, command);
    }

    MillraceProcess run(MillraceProcess.Launch launch, String name, String... command) throws IOException {
        return MillraceProcess.start(launch, directory, name, arguments(command));
    }

    /** Arguments of a command of the program, with the experiment's settings. */
    String[] arguments(String... command) {
        return arguments(List.of(command), given);
    }

    /** Removes what one application keeps in a state directory; the name of the process stays. */
    void removeStores(String state, String application) throws IOException {
        delete(directory.resolve(state).resolve("millrace-" + application));
        note("stores of " + application + " removed from " + state);
    }

    /** All that were started, in that order. */
    List<TrainerProcess> trainers() {
        return List.copyOf(trainers);
    }

    /** Ends all trainers with SIGTERM and waits for them. */
    void stopTrainers() throws InterruptedException {
        for (TrainerProcess trainer : trainers) {
            trainer.stop();
        }
    }

    /**
     * The trainer that has the learner's task, as its group has divided them.
     *
     * @param among trainers, by name of their state directory
     */
    String learning(Collection<String> among) throws Exception {
        Map<String, Object> clients = new HashMap<>(settings().clients().properties());
        try (Admin admin = Admin.create(clients)) {
            Set<String> names = admin.describeConsumerGroups(List.of("millrace-learn")).all().get().values().stream()
                    .flatMap(group -> group.members().stream())
                    .filter(member -> !member.assignment().topicPartitions().isEmpty())
                    .flatMap(member -> member.groupInstanceId().stream())
                    .collect(Collectors.toSet());
            for (String state : among) {
                String name = Files.readString(directory.resolve(state).resolve("instance.id"))
                        .strip();
                if (names.stream().anyMatch(member -> member.startsWith(name))) {
                    return state;
                }
            }
            throw new AssertionError("none of " + among + " learns, but " + names);
        }
    }

    /** The learner's last step, as last committed. */
    long step() {
        return progress.training().map(TrainingProgress::step).orElse(0L);
    }

    SortedMap<String, Books.Account> books() {
        return progress.books();
    }

    /** Waits until the learner has learnt so many steps. */
    void awaitStep(long step) {
        await("step " + step)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> step() >= step);
    }

    /** Waits until the books are those of an undisturbed run, in which no event is left on its way. */
    void awaitBooks(SortedMap<String, Books.Account> expected) {
        try {
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> books().equals(expected));
        } catch (ConditionTimeoutException late) {
            note("the books did not come to those of the undisturbed run: " + books() + " instead of " + expected);
        }
    }

    /** Waits until so many events of each topic have been read, and all that came of them was learnt. */
    void awaitRead(SortedMap<String, Long> sent) {
        awaits("all was read", () -> sent.entrySet().stream()
                .allMatch(topic -> received(topic.getKey()) == topic.getValue()));
        awaits("all was learnt", () -> received("training-examples") == examples(books()));
    }

    /** Lets a trainer take in the catalogue, and stops it. */
    void takeCatalogue(MillraceProcess.Launch launch) throws Exception {
        try (EventProducer producer = producer()) {
            SeededStream.sendCatalogue(producer);
        }
        train(launch, "state", List.of("train"));
        awaits("the catalogue", () -> received("training-examples") == SeededStream.ITEMS);
        stopTrainers();
    }

    /** What the dead letters hold now, in no order. */
    List<TopicRecord> deadLetters() {
        return records(settings().topics().names().deadLetters());
    }

    /** Committed records that a topic holds now. */
    List<TopicRecord> records(String topic) {
        List<TopicRecord> records = new ArrayList<>();
        try (TopicReader reader = settings().cluster().withPatience(PATIENCE).reader()) {
            reader.readAll(topic, records::add);
        }
        return records;
    }

    /** The learner's latest figures; absent before its first commit. */
    Optional<TrainingProgress> training() {
        return progress.training();
    }

    /** Holds what was left against an undisturbed run, reports, and fails if anything differs. */
    void judge(Outcome undisturbed, Judgement.Demand demand) throws Exception {
        awaitBooks(undisturbed.books());
        stopTrainers();
        Judgement judgement = Judgement.of(this, undisturbed, demand);
        report.print(judgement.verdict(), judgement.failures());
        isPassed = judgement.failures().isEmpty();
        if (!isPassed) {
            throw new AssertionError(String.join(System.lineSeparator(), judgement.failures()) + System.lineSeparator()
                    + "see " + directory);
        }
    }

    /** Reports an experiment that is judged by its own assertions. */
    void passed(String verdict) {
        report.print(verdict, List.of());
        isPassed = true;
    }

    @Override
    public void close() throws Exception {
        for (TrainerProcess trainer : trainers) {
            trainer.close();
        }
        progress.close();
        for (int node = brokers.size(); node >= 1; node--) {
            broker(node).close();
        }
        if (isPassed) {
            delete(directory);
        }
    }

    private ProgressWatch watch() {
        MillraceSettings settings = settings();
        return new ProgressWatch(
                settings.clients(),
                settings.topics().names().trainingProgress(),
                settings.cluster().wire());
    }

    /** Records that attribution wrote for the learner. */
    private static long examples(SortedMap<String, Books.Account> books) {
        return books.getOrDefault("clicks", Books.Account.EMPTY).outcome(ATTRIBUTED)
                + books.getOrDefault("items", Books.Account.EMPTY).outcome(APPLIED);
    }

    private static String[] arguments(List<String> command, Map<String, String> settings) {
        List<String> arguments = new ArrayList<>(command);
        settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        return arguments.toArray(String[]::new);
    }

    private static synchronized Path scene(int partitions) throws Exception {
        Path known = SCENES.get(partitions);
        if (known == null) {
            known = fresh("scene-" + partitions + "-" + FORK);
            try (Experiment making = new Experiment("scene-" + partitions, "", partitions, known)) {
                making.takeCatalogue(MillraceProcess.Launch.PROGRAM);
            }
            SCENES.put(partitions, known);
        }
        return known;
    }

    /** Events of a topic that attribution has read, or examples that the learner has. */
    long received(String topic) {
        return books().getOrDefault(topic, Books.Account.EMPTY).received();
    }

    private static Path fresh(String name) throws IOException {
        Path directory = ROOT.resolve(name);
        delete(directory);
        return Files.createDirectories(directory);
    }

    private static Path copy(Path scene, String id) throws IOException, InterruptedException {
        Path directory = fresh(id);
        // holes stay holes: the broker's index files are larger than what is in them
        int status = new ProcessBuilder("cp", "-a", "--sparse=always", scene + "/.", directory.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("copying " + scene + " to " + directory + " ended with " + status);
        }
        return directory;
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
