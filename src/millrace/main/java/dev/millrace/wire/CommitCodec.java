package dev.millrace.wire;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionCommit.Run;
import dev.millrace.state.InputTopic;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The record of a commit of the attribution, in the order of its schema. A run of up to twenty events takes a byte. */
final class CommitCodec {

    private static final List<InputTopic> TOPICS = AttributionCommit.TOPICS;

    private CommitCodec() {}

    /** Offsets that hold no event, ahead of a run. */
    private record Gap(int run, long offsets) {}

    static void write(RecordEncoder to, AttributionCommit commit) {
        Long[] first = new Long[TOPICS.size()];
        Arrays.fill(first, 0L);
        long[] next = new long[TOPICS.size()]; // 0 before the first event
        List<Gap> gaps = new ArrayList<>();
        List<Run> runs = commit.runs();
        for (int at = 0; at < runs.size(); at++) {
            Run run = runs.get(at);
            int topic = TOPICS.indexOf(run.topic());
            if (next[topic] == 0) {
                first[topic] = run.first();
            } else if (run.first() != next[topic]) {
                gaps.add(new Gap(at, run.first() - next[topic]));
            }
            next[topic] = run.end();
        }
        to.longInteger(commit.partition())
                .longInteger(commit.rules())
                .longInteger(commit.clock())
                .longInteger(commit.maxAheadMillis())
                .all(Arrays.asList(first), offset -> to.longInteger(offset))
                .all(runs, run -> to.longInteger((long) TOPICS.size() * run.count() + TOPICS.indexOf(run.topic())))
                .all(gaps, gap -> to.longInteger(gap.run).longInteger(gap.offsets))
                .all(commit.rejected().entrySet(), reason -> to.text(reason.getKey())
                        .all(reason.getValue(), number -> to.longInteger(number)));
    }

    static AttributionCommit read(RecordDecoder from) throws IOException {
        return new AttributionCommit(
                from.readInt(), from.readInt(), from.readLong(), from.readLong(), runs(from), rejected(from));
    }

    private static List<Run> runs(RecordDecoder from) throws IOException {
        List<Long> next = FeatureCodec.list(from, from::readLong);
        List<Integer> runs = FeatureCodec.list(from, from::readInt);
        Map<Integer, Long> ahead = new HashMap<>();
        FeatureCodec.list(from, () -> new Gap(from.readInt(), from.readLong()))
                .forEach(gap -> ahead.put(gap.run, gap.offsets));
        List<Run> decoded = new ArrayList<>(runs.size());
        for (int coded : runs) {
            int topic = coded % TOPICS.size();
            long first = next.get(topic) + ahead.getOrDefault(decoded.size(), 0L);
            Run run = new Run(TOPICS.get(topic), first, coded / TOPICS.size());
            next.set(topic, run.end());
            decoded.add(run);
        }
        return decoded;
    }

    private static SortedMap<String, List<Integer>> rejected(RecordDecoder from) throws IOException {
        SortedMap<String, List<Integer>> rejected = new TreeMap<>();
        FeatureCodec.list(from, () -> Map.entry(from.readString(), FeatureCodec.list(from, from::readInt)))
                .forEach(reason -> rejected.put(reason.getKey(), reason.getValue()));
        return rejected;
    }
}
