package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.state.InputTopic;
import dev.millrace.verify.books.LoggedAttribution.Fault;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
        "attribution.negative-actions=hide"
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

    @ParameterizedTest
    @CsvSource({
        "LOSES_A_CLICK, the books have",
        "LOSES_A_CLICK, makes example",
        "COUNTS_TWICE, clicks#the books have",
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

    @Test
    void otherRulesAreNotReplayed() {
        LoggedAttribution scene = played(Fault.NONE, 3);
        TopicRecord first = commits(scene).get(0);
        AttributionCommit commit =
                scene.wire.decode(Topic.ATTRIBUTION_COMMITS, first).orElseThrow();
        byte[] other = scene.wire
                .encode(
                        Topic.ATTRIBUTION_COMMITS,
                        "any",
                        new AttributionCommit(
                                commit.partition(),
                                commit.rules() + 1,
                                commit.clock(),
                                commit.maxAheadMillis(),
                                commit.runs(),
                                commit.rejected()))
                .orElseThrow();

        commits(scene).set(0, withValue(first, other));

        assertThat(scene.audit().faults()).anyMatch(fault -> fault.contains("was made by version 2 of the rules"));
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
