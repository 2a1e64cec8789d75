package dev.millrace.wire;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionCommit.Run;
import dev.millrace.avro.AttributionCommitRecord;
import dev.millrace.avro.GapRecord;
import dev.millrace.avro.RejectedRecord;
import dev.millrace.state.InputTopic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Commits of the attribution between core and Avro. A run of up to twenty events takes a byte. */
final class CommitCodec {

    private static final List<InputTopic> TOPICS = List.of(InputTopic.EXPOSURES, InputTopic.CLICKS, InputTopic.USERS);

    private CommitCodec() {}

    static AttributionCommitRecord toAvro(AttributionCommit commit) {
        long[] first = new long[TOPICS.size()];
        long[] next = new long[TOPICS.size()]; // 0 before the first event
        List<Integer> runs = new ArrayList<>(commit.runs().size());
        List<GapRecord> gaps = new ArrayList<>();
        for (Run run : commit.runs()) {
            int topic = TOPICS.indexOf(run.topic());
            if (next[topic] == 0) {
                first[topic] = run.first();
            } else if (run.first() != next[topic]) {
                gaps.add(new GapRecord(runs.size(), run.first() - next[topic]));
            }
            next[topic] = run.end();
            runs.add(TOPICS.size() * run.count() + topic);
        }
        List<RejectedRecord> rejected = new ArrayList<>();
        commit.rejected().forEach((reason, events) -> rejected.add(new RejectedRecord(reason, events)));
        return new AttributionCommitRecord(
                commit.partition(),
                commit.rules(),
                FeatureCodec.instant(commit.clock()),
                commit.maxAheadMillis(),
                Arrays.stream(first).boxed().toList(),
                runs,
                gaps,
                rejected);
    }

    static AttributionCommit toCore(AttributionCommitRecord record) {
        long[] next =
                record.getFirstOffsets().stream().mapToLong(Long::longValue).toArray();
        Map<Integer, Long> gaps = new HashMap<>();
        record.getGaps().forEach(gap -> gaps.put(gap.getRun(), gap.getOffsets()));
        List<Run> runs = new ArrayList<>(record.getRuns().size());
        for (int coded : record.getRuns()) {
            int topic = coded % TOPICS.size();
            long first = next[topic] + gaps.getOrDefault(runs.size(), 0L);
            Run run = new Run(TOPICS.get(topic), first, coded / TOPICS.size());
            next[topic] = run.end();
            runs.add(run);
        }
        SortedMap<String, List<Integer>> rejected = new TreeMap<>();
        record.getRejected().forEach(events -> rejected.put(events.getReason(), events.getEvents()));
        return new AttributionCommit(
                record.getPartition(),
                record.getRules(),
                record.getClock().toEpochMilli(),
                record.getMaxAheadMillis(),
                runs,
                rejected);
    }
}
