package dev.millrace.wire;

import static dev.millrace.wire.RecordForm.INTEGER;
import static dev.millrace.wire.RecordForm.LONG;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionCommit.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The record of a commit of the attribution, in the order of its schema. A run of up to twenty events takes a byte. */
final class CommitCodec {

    private CommitCodec() {}

    /** Offsets that hold no event, ahead of a run. */
    private record Gap(int run, long offsets) {}

    /** Runs as the record has them. */
    private record Coded(List<Long> first, List<Integer> runs, List<Gap> gaps) {

        static Coded of(AttributionCommit commit) {
            long[] first = new long[AttributionCommit.TOPICS.size()];
            long[] next = new long[AttributionCommit.TOPICS.size()]; // 0 before the first event
            List<Integer> runs = new ArrayList<>(commit.runs().size());
            List<Gap> gaps = new ArrayList<>();
            for (Run run : commit.runs()) {
                int topic = AttributionCommit.TOPICS.indexOf(run.topic());
                if (next[topic] == 0) {
                    first[topic] = run.first();
                } else if (run.first() != next[topic]) {
                    gaps.add(new Gap(runs.size(), run.first() - next[topic]));
                }
                next[topic] = run.end();
                runs.add(AttributionCommit.TOPICS.size() * run.count() + topic);
            }
            return new Coded(Arrays.stream(first).boxed().toList(), runs, gaps);
        }

        List<Run> decoded() {
            long[] next = first.stream().mapToLong(Long::longValue).toArray();
            Map<Integer, Long> ahead = new HashMap<>();
            gaps.forEach(gap -> ahead.put(gap.run(), gap.offsets()));
            List<Run> decoded = new ArrayList<>(runs.size());
            for (int coded : runs) {
                int topic = coded % AttributionCommit.TOPICS.size();
                long from = next[topic] + ahead.getOrDefault(decoded.size(), 0L);
                Run run = new Run(AttributionCommit.TOPICS.get(topic), from, coded / AttributionCommit.TOPICS.size());
                next[topic] = run.end();
                decoded.add(run);
            }
            return decoded;
        }
    }

    static AttributionCommit commit(RecordForm<AttributionCommit> form) {
        return new AttributionCommit(
                form.integer(AttributionCommit::partition),
                form.integer(AttributionCommit::rules),
                form.longInteger(AttributionCommit::clock),
                form.longInteger(AttributionCommit::maxAheadMillis),
                form.part(Coded::of, CommitCodec::coded).decoded(),
                form.map(AttributionCommit::rejected, events -> events.list(numbers -> numbers, INTEGER)));
    }

    private static Coded coded(RecordForm<Coded> form) {
        return new Coded(
                form.list(Coded::first, LONG),
                form.list(Coded::runs, INTEGER),
                form.list(Coded::gaps, gap -> new Gap(gap.integer(Gap::run), gap.longInteger(Gap::offsets))));
    }
}
