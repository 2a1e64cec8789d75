package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionCommit.Run;
import dev.millrace.diagnosis.Facts;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the oldest commit of an attribution from which on all commits have their events. */
public final class AuditableCommits {

    /** Partitions commit in turn, so that so many records tell of all of them. */
    private static final int LOOK = 200;

    private final TopicLog log;
    private final AvroWire wire;
    private final TopicNames topics;
    private final Map<String, Long> begins = new HashMap<>();

    private AuditableCommits(TopicLog log, AvroWire wire, TopicNames topics) {
        this.log = log;
        this.wire = wire;
        this.topics = topics;
    }

    /** Returns since when; absent if there is no commit. */
    public static Optional<Facts.Auditable> of(TopicLog log, AvroWire wire, TopicNames topics) {
        return new AuditableCommits(log, wire, topics).find();
    }

    private Optional<Facts.Auditable> find() {
        String name = topics.attributionCommits();
        long first = log.begin(name, 0);
        long end = log.committedEnd(name, 0);
        if (commits(first, end, 1).isEmpty()) {
            return Optional.empty();
        }
        long from = first;
        long to = end;
        while (from < to) { // of commits in order, the later have their events if the earlier have
            long middle = from + (to - from) / 2;
            if (haveEvents(commits(middle, end, LOOK))) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        List<AttributionCommit> oldest = commits(to, end, LOOK);
        return Optional.of(new Facts.Auditable(
                oldest.stream().findFirst().map(commit -> Instant.ofEpochMilli(commit.clock())),
                first == 0 && to == 0 && areFirst(oldest),
                List.of(topics.exposures(), topics.clicks(), topics.users(), name)));
    }

    private List<AttributionCommit> commits(long from, long end, int most) {
        List<AttributionCommit> found = new ArrayList<>();
        log.read(topics.attributionCommits(), 0, from, end, record -> {
            wire.decode(Topic.ATTRIBUTION_COMMITS, record).ifPresent(found::add);
            return found.size() < most;
        });
        return found;
    }

    private boolean haveEvents(List<AttributionCommit> commits) {
        return commits.stream().allMatch(commit -> commit.runs().stream()
                .allMatch(run -> run.first() >= begin(topics.of(run.topic()), commit.partition())));
    }

    private long begin(String topic, int partition) {
        return begins.computeIfAbsent(topic + "-" + partition, none -> log.begin(topic, partition));
    }

    /** Whether nothing was read before some commits, as far as it is still there. */
    private boolean areFirst(List<AttributionCommit> commits) {
        Set<String> seen = new HashSet<>();
        return commits.stream().allMatch(commit -> commit.runs().stream()
                .filter(run -> seen.add(run.topic() + "-" + commit.partition()))
                .allMatch(run -> isFirst(topics.of(run.topic()), commit.partition(), run)));
    }

    private boolean isFirst(String topic, int partition, Run run) {
        return begin(topic, partition) == 0
                && new RecordCursor(log, topic, partition, 0, run.end(), record -> true).offset() >= run.first();
    }
}
