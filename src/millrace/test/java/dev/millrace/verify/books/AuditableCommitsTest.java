package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.diagnosis.Facts;
import dev.millrace.verify.books.LoggedAttribution.Fault;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AuditableCommitsTest {

    private final LoggedAttribution scene = new LoggedAttribution(Fault.NONE);

    @Test
    void beginningIsToldWhileAllIsThere() {
        assertThat(auditable()).isEmpty();
        scene.play(3);

        assertThat(auditable()).map(Facts.Auditable::isWhole).contains(true);
        assertThat(auditable().orElseThrow().since()).contains(clock(0));
    }

    @Test
    void eventsThatNoCommitReadAreNoBeginning() {
        scene.play(3);
        commits().subList(0, 6).clear(); // an earlier build wrote none

        assertThat(auditable()).map(Facts.Auditable::isWhole).contains(false);
    }

    @Test
    void oldestCommitWithAllItsEventsIsFound() {
        scene.play(3);
        int first = 2 * commits().size() / 3;
        AttributionCommit kept = commit(first);
        AttributionCommit.Run run = kept.runs().get(0);
        scene.log.begin(scene.topics.of(run.topic()), kept.partition(), run.first());

        Facts.Auditable found = auditable().orElseThrow();

        assertThat(found.isWhole()).isFalse();
        assertThat(found.since()).contains(clock(oldestWith(run, kept.partition())));
    }

    @Test
    void noCommitIsToldIfAllEventsAreGone() {
        scene.play(3);
        for (int partition = 0; partition < LoggedAttribution.PARTITIONS; partition++) {
            String topic = scene.topics.exposures();
            scene.log.begin(topic, partition, scene.log.end(topic, partition));
        }

        assertThat(auditable().orElseThrow().since()).isEmpty();
    }

    /** The commit behind the last one that read events before a run of its partition. */
    private int oldestWith(AttributionCommit.Run first, int partition) {
        int oldest = 0;
        for (int at = 0; at < commits().size(); at++) {
            AttributionCommit commit = commit(at);
            boolean isLacking = commit.partition() == partition
                    && commit.runs().stream()
                            .anyMatch(run -> run.topic() == first.topic() && run.first() < first.first());
            oldest = isLacking ? at + 1 : oldest;
        }
        return oldest;
    }

    private Optional<Facts.Auditable> auditable() {
        return AuditableCommits.of(scene.log, scene.wire, scene.topics);
    }

    private Instant clock(int at) {
        return Instant.ofEpochMilli(commit(at).clock());
    }

    private AttributionCommit commit(int at) {
        return scene.wire.decode(Topic.ATTRIBUTION_COMMITS, commits().get(at)).orElseThrow();
    }

    private List<TopicRecord> commits() {
        return scene.log.of(scene.topics.attributionCommits(), 0);
    }
}
