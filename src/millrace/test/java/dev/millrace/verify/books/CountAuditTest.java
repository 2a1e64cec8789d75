package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Utf8;
import dev.millrace.verify.books.LoggedAttribution.Fault;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CountAuditTest {

    private static final String[] SHORT_WINDOWS = {
        "attribution.window=60s",
        "attribution.click-wait=20s",
        "attribution.deduplication-window=90s",
        "attribution.max-skew=2m",
        "negatives.exposed=1",
        "negatives.exposed.sample=0.5",
        "attribution.negative-actions=hide",
        "attribution.hide-passed-for=2m"
    };

    @Test
    void anyOrderOfReadingIsMadeAgain() {
        Set<String> occurred = new HashSet<>();
        for (int seed = 1; seed <= 8; seed++) {
            CountReport report = played(Fault.NONE, seed).audit();

            assertThat(report.faults()).as("seed %d", seed).isEmpty();
            assertThat(report.notes()).containsExactly("no learner of training examples has written books yet");
            assertThat(report.lines())
                    .allMatch(line -> line.difference() == 0)
                    .anyMatch(line -> line.topic().startsWith("experiment-") && line.books() > 0);
            report.lines().stream().filter(line -> line.books() > 0).forEach(line -> occurred.add(line.outcome()));
        }
        assertThat(occurred).contains("attributed", "hidden", "late", "duplicate", "erased", "rejected: undecodable");
    }

    /** The tasks move while they play, so what a number is worth comes from their entries, too. */
    @Test
    void weightsAreMadeAgain(@TempDir Path folder) {
        Set<Double> weights = new HashSet<>();
        for (int seed = 1; seed <= 4; seed++) {
            LoggedAttribution scene = new LoggedAttribution(Fault.NONE, weighing());
            scene.play(seed);
            assertThat(scene.audit(folder.resolve("" + seed), "shop").faults())
                    .as("seed %d", seed)
                    .isEmpty();
            forgetWhatWasRead(scene);
            scene.play(seed + 10);

            assertThat(scene.audit(folder.resolve("" + seed), "shop").faults())
                    .as("seed %d, from its checkpoint", seed)
                    .isEmpty();
            examples(scene).forEach(record -> new TrainingRecords(scene.wire)
                    .decode(
                            record.value().orElseThrow(),
                            example -> weights.add(example.weight()),
                            change -> {},
                            user -> {}));
        }
        assertThat(weights).hasSizeGreaterThan(20);
    }

    private static String[] weighing() {
        return Stream.concat(
                        Stream.of(SHORT_WINDOWS),
                        Stream.of("attribution.weight.click=0.8", "attribution.weight.from=seconds"))
                .toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource({
        "LOSES_A_CLICK, the books have",
        "LOSES_A_CLICK, makes example",
        "COUNTS_TWICE, clicks#the books have",
        "JOINS_IN_A_LONGER_WINDOW, the books have",
        "JOINS_IN_A_LONGER_WINDOW, no event makes example",
        "PUBLISHES_A_WRONG_STATE, are not what the events of their user make",
        "READS_IN_ANOTHER_ORDER, ''"
    })
    void brokenAttributionIsFound(Fault fault, String said) {
        assertThat(played(fault, 3).audit().faults())
                .anyMatch(text -> Stream.of(said.split("#", -1)).allMatch(text::contains));
    }

    /** What is done to the topics, and what the audit says of it. */
    static Stream<Arguments> damages() {
        return Stream.of(
                damage(scene -> examples(scene).remove(example(scene)), "makes example"),
                damage(scene -> repeat(scene, example(scene)), "no event makes example"),
                damage(scene -> scene.log.of(scene.topics.clicks(), 1).remove(3), "where no record is any more"),
                damage(scene -> commits(scene).remove(5), "which can be read"),
                damage(scene -> commits(scene).remove(commits(scene).size() - 1), "no commit ends where the books do"),
                damage(
                        scene -> scene.log.of(scene.topics.userFeatures(), 0).clear(),
                        "user-features lacks the features of a user"),
                damage(
                        scene -> scene.log.of(scene.topics.deadLetters(), 0).remove(0),
                        "was rejected as undecodable, and dead-letters does not have it"),
                damage(scene -> repeat(scene, letters(scene).get(0)), "was rejected twice"));
    }

    @ParameterizedTest
    @MethodSource("damages")
    void lostAndRepeatedRecordsAreNamed(Consumer<LoggedAttribution> damage, String said) {
        LoggedAttribution scene = played(Fault.NONE, 3);

        damage.accept(scene);

        assertThat(scene.audit().faults()).anyMatch(fault -> fault.contains(said));
    }

    @Test
    void removalsInAllPartitionsAreMadeAgain() {
        LoggedAttribution scene = new LoggedAttribution(Fault.NONE, anywhere());
        scene.play(3);

        assertThat(scene.audit().faults()).isEmpty();
        String removed = Utf8.text(removals(scene).get(2).key());
        examples(scene)
                .removeAll(removals(scene).stream()
                        .filter(record -> Utf8.text(record.key()).equals(removed))
                        .toList());
        assertThat(scene.audit().faults()).anyMatch(fault -> fault.contains("makes the removal of a user"));
    }

    private static String[] anywhere() {
        return Stream.concat(Stream.of(SHORT_WINDOWS), Stream.of("attribution.partitions=any"))
                .toArray(String[]::new);
    }

    private static List<TopicRecord> removals(LoggedAttribution scene) {
        List<TopicRecord> removals = new ArrayList<>();
        TrainingRecords training = new TrainingRecords(scene.wire);
        examples(scene)
                .forEach(record -> training.decode(
                        record.value().orElseThrow(), example -> {}, change -> {}, user -> removals.add(record)));
        return removals;
    }

    @Test
    void commitsBehindTheBooksAreNoFault() {
        LoggedAttribution scene = played(Fault.NONE, 3);
        scene.send(new UserProfile("u1", 1_800_000_000_000L, Features.NONE));
        LoggedAttribution.Task task = scene.task(LoggedAttribution.partition("u1"));
        task.read(InputTopic.USERS);

        task.commitWithoutBooks();

        assertThat(scene.audit().faults()).isEmpty();
    }

    @Test
    void beginningOfExamplesMayBeGone() {
        LoggedAttribution scene = played(Fault.NONE, 3);
        scene.log.begin(scene.topics.trainingExamples(), 0, 20);

        assertThat(scene.audit().faults()).isEmpty();
        examples(scene).remove(7);
        assertThat(scene.audit().faults()).anyMatch(fault -> fault.contains("makes example"));
    }

    @Test
    void whatNoCommitRecordedIsNotAudited() {
        LoggedAttribution scene = played(Fault.NONE, 3);
        commits(scene).subList(0, 6).clear(); // an earlier build wrote none

        CountReport report = scene.audit();

        assertThat(report.faults()).isEmpty();
        assertThat(report.notes())
                .anyMatch(note -> note.startsWith("partition 0: not audited, what was read before 2026-"))
                .anyMatch(note -> note.startsWith("features of users: not compared"));
    }

    @Test
    void topicQuietSinceAnUpgradeIsNotAudited() {
        LoggedAttribution scene = new LoggedAttribution(Fault.NONE, SHORT_WINDOWS);
        LoggedAttribution.Task task = scene.task(LoggedAttribution.partition("u1"));
        scene.send(new UserProfile("u1", 1_800_000_000_000L, Features.NONE));
        task.read(InputTopic.USERS);
        task.commit();
        commits(scene).clear(); // an earlier build wrote none
        scene.send(new Exposure("e1", "u1", "i1", 1_800_000_001_000L, 1_800_000_001_000L, Features.NONE));
        task.read(InputTopic.EXPOSURES);
        task.commit();

        CountReport report = scene.audit();

        assertThat(report.faults()).isEmpty();
        assertThat(report.notes()).anyMatch(note -> note.contains("not audited, what was read before 2026-"));
    }

    /** An audit by the earlier build, before the upgrade, leaves the checkpoint behind its last commit. */
    @Test
    void commitsOfOtherRulesAreNotReplayed(@TempDir Path folder) {
        LoggedAttribution scene = played(Fault.NONE, 3);
        scene.audit(folder, "shop");
        setRules(scene, 0, Attribution.RULES + 1);
        scene.play(13);

        CountReport report = scene.audit();

        assertThat(report.faults()).isEmpty();
        assertThat(report.notes())
                .anyMatch(note -> note.endsWith("not audited, the commit at attribution-commits-0 offset 0"
                        + " was made by rules 2, this build has rules 1"))
                .anyMatch(note -> note.startsWith("features of users: not compared"));
        assertThat(scene.audit(folder, "shop").notes()).noneMatch(note -> note.contains("not audited"));
    }

    private static void setRules(LoggedAttribution scene, int at, int rules) {
        TopicRecord record = commits(scene).get(at);
        AttributionCommit commit =
                scene.wire.decode(Topic.ATTRIBUTION_COMMITS, record).orElseThrow();
        byte[] other = scene.wire
                .encode(
                        Topic.ATTRIBUTION_COMMITS,
                        "any",
                        new AttributionCommit(
                                commit.partition(),
                                rules,
                                commit.clock(),
                                commit.maxAheadMillis(),
                                commit.runs(),
                                commit.rejected()))
                .orElseThrow();
        commits(scene).set(at, withValue(record, other));
    }

    @Test
    void auditGoesOnFromItsCheckpoint(@TempDir Path folder) {
        for (int seed = 1; seed <= 4; seed++) {
            LoggedAttribution scene = played(Fault.NONE, seed);
            assertThat(scene.audit(folder.resolve("" + seed), "shop").notes())
                    .anyMatch(
                            note -> note.startsWith("partition 0: the next audit may go on from attribution-shop-0-"));
            forgetWhatWasRead(scene);

            scene.play(seed + 10);

            CountReport report = scene.audit(folder.resolve("" + seed), "shop");
            assertThat(report.faults()).as("seed %d", seed).isEmpty();
            assertThat(report.notes())
                    .anyMatch(note -> note.startsWith("partition 1: goes on from attribution-shop-1-"))
                    .noneMatch(note -> note.contains("not audited"));
            assertThat(report.lines()).allMatch(line -> line.difference() == 0);
            assertThat(scene.audit().notes())
                    .anyMatch(note -> note.contains("the beginning of exposures-0 and clicks-0"));
        }
    }

    @Test
    void faultBehindCheckpointIsNamed(@TempDir Path folder) {
        LoggedAttribution scene = played(Fault.NONE, 3);
        scene.audit(folder, "shop");
        forgetWhatWasRead(scene);
        scene.play(13);

        examples(scene).remove(7);

        assertThat(scene.audit(folder, "shop").faults()).anyMatch(fault -> fault.contains("makes example"));
        assertThat(scene.audit(folder, "shop").faults())
                .as("no checkpoint was written behind it")
                .anyMatch(fault -> fault.contains("makes example"));
    }

    @Test
    void changedStateOfQuietUserIsNamed(@TempDir Path folder) {
        LoggedAttribution scene = played(Fault.NONE, 3);
        scene.audit(folder, "shop");

        scene.log.of(scene.topics.userFeatures(), 0).clear();

        assertThat(scene.audit(folder, "shop").faults())
                .anyMatch(fault -> fault.contains("lacks the features of a user"));
    }

    @Test
    void wrongBooksLeaveNoCheckpoint(@TempDir Path folder) {
        LoggedAttribution scene = played(Fault.COUNTS_TWICE, 3);
        scene.audit(folder, "shop");

        CountReport report = scene.audit(folder, "shop");

        assertThat(report.faults()).isNotEmpty();
        assertThat(report.notes())
                .filteredOn(note -> note.contains("goes on from"))
                .hasSizeLessThan(2);
    }

    @Test
    void checkpointOfOthersIsRefused(@TempDir Path folder) {
        LoggedAttribution otherSettings = new LoggedAttribution(Fault.NONE, "history.length=7");
        otherSettings.play(3);
        LoggedAttribution otherTopics = played(Fault.NONE, 4);
        for (LoggedAttribution other : List.of(otherSettings, otherTopics)) {
            Path own = folder.resolve("" + other.hashCode());
            played(Fault.NONE, 3).audit(own, "shop");

            CountReport report = other.audit(own, "shop");

            assertThat(report.faults()).isEmpty();
            assertThat(report.notes()).noneMatch(note -> note.contains("goes on from"));
        }
    }

    @Test
    void trustedStateBeginsAnew(@TempDir Path folder) {
        LoggedAttribution scene = played(Fault.NONE, 3);
        commits(scene).subList(0, 6).clear(); // an earlier build wrote none
        scene.writeChangelogs("shop");

        CountReport begun = scene.auditTrusting(folder, "shop");
        forgetWhatWasRead(scene);
        scene.play(13);
        CountReport report = scene.audit(folder, "shop");

        assertThat(begun.faults()).isEmpty();
        assertThat(begun.notes())
                .contains("partition 0: begins with the state that the attribution has; what made it is not audited");
        assertThat(report.faults()).isEmpty();
        assertThat(report.notes()).noneMatch(note -> note.contains("not audited"));
    }

    @Test
    void stateOfRunningAttributionIsRefused(@TempDir Path folder) {
        LoggedAttribution scene = played(Fault.NONE, 3);
        scene.writeChangelogs("shop");
        scene.log.openFrom("shop-attribution-books-changelog", 1, 5);

        assertThatThrownBy(() -> scene.auditTrusting(folder, "shop"))
                .hasMessageContaining("the attribution of partition 1 writes to shop-attribution-books-changelog");

        LoggedAttribution.Task task = scene.task(LoggedAttribution.partition("u1"));
        scene.log.openFrom("shop-attribution-books-changelog", 1, scene.log.end("shop-attribution-books-changelog", 1));
        scene.send(new UserProfile("u1", 1_800_000_000_000L, Features.NONE));
        task.read(InputTopic.USERS);
        task.commit();
        assertThatThrownBy(() -> scene.auditTrusting(folder, "shop")).hasMessageContaining("is not that of the books");
    }

    @Test
    void erasedUserIsInNoNewCheckpoint(@TempDir Path folder) throws IOException {
        LoggedAttribution scene = played(Fault.NONE, 3);
        LoggedAttribution.Task task = scene.task(LoggedAttribution.partition("somebody"));
        String other = Stream.of("another", "stranger", "neighbour")
                .filter(name -> LoggedAttribution.partition(name) == LoggedAttribution.partition("somebody"))
                .findFirst()
                .orElseThrow();
        scene.send(new UserProfile("somebody", 1_800_000_000_000L, Features.NONE));
        task.read(InputTopic.USERS);
        task.commit();
        scene.audit(folder, "shop");
        assertThat(checkpointsThatName("somebody", folder)).isEqualTo(1);

        scene.remove("somebody");
        for (int audit = 0; audit < 3; audit++) { // three are kept
            task.read(InputTopic.USERS);
            task.commit();
            assertThat(scene.audit(folder, "shop").faults()).isEmpty();
            scene.send(new UserProfile(other, 1_800_000_000_000L + audit, Features.NONE));
        }

        assertThat(checkpointsThatName(other, folder)).isEqualTo(2);
        assertThat(checkpointsThatName("somebody", folder)).isZero();
    }

    private static long checkpointsThatName(String user, Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.toList();
            long count = 0;
            for (Path file : found) {
                count += Files.readString(file, StandardCharsets.ISO_8859_1).contains(user) ? 1 : 0;
            }
            return count;
        }
    }

    /** As retention does, but for the users' latest features. */
    private static void forgetWhatWasRead(LoggedAttribution scene) {
        for (String topic : List.of(
                scene.topics.exposures(),
                scene.topics.clicks(),
                scene.topics.users(),
                scene.topics.attributionCommits(),
                scene.topics.trainingExamples(),
                scene.topics.deadLetters())) {
            for (int partition = 0; partition < LoggedAttribution.PARTITIONS; partition++) {
                scene.log.begin(topic, partition, scene.log.end(topic, partition));
            }
        }
    }

    private static LoggedAttribution played(Fault fault, int seed) {
        LoggedAttribution scene = new LoggedAttribution(fault, SHORT_WINDOWS);
        scene.play(seed);
        return scene;
    }

    private static Arguments damage(Consumer<LoggedAttribution> done, String said) {
        return Arguments.of(done, said);
    }

    private static List<TopicRecord> examples(LoggedAttribution scene) {
        return scene.log.of(scene.topics.trainingExamples(), 0);
    }

    /** Returns one that is larger than any removal. */
    private static TopicRecord example(LoggedAttribution scene) {
        return examples(scene).stream()
                .filter(record -> record.value().orElseThrow().length > 50)
                .findFirst()
                .orElseThrow();
    }

    private static List<TopicRecord> commits(LoggedAttribution scene) {
        return scene.log.of(scene.topics.attributionCommits(), 0);
    }

    private static List<TopicRecord> letters(LoggedAttribution scene) {
        return scene.log.of(scene.topics.deadLetters(), 0);
    }

    private static void repeat(LoggedAttribution scene, TopicRecord of) {
        TopicRecord unused = scene.log.add(of.topic(), of.partition(), of.key(), of.value(), of.headers());
    }

    private static TopicRecord withValue(TopicRecord of, byte[] value) {
        return new TopicRecord(of.topic(), of.key(), Optional.of(value), 0, of.partition(), of.offset(), of.headers());
    }
}
