package dev.millrace.stream.shard;

import dev.millrace.exam.ExamWitness;
import dev.millrace.merge.Base;
import dev.millrace.model.UserRows;
import dev.millrace.operation.Progress;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.stream.Changelog;
import dev.millrace.stream.Part;
import dev.millrace.stream.StateTransaction;
import dev.millrace.stream.StreamSettings;
import dev.millrace.topic.Cluster;
import dev.millrace.train.EntryKind;
import dev.millrace.train.TrainerSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;

/** Makes of the entries of one learner those of a base and of shards: each row of a user goes to the shard of that user, all else to the base. */
record Parting(Cluster cluster, StreamSettings stream, TrainerSettings settings) {

    /** Opens a learner's entries as a base. The caller closes it. */
    Base base(OrderedEntries stored) {
        Base base = new Base(settings, stored, ExamWitness.NONE);
        stored.scanBut(new byte[0], EntryKind.readLater(), base::restore);
        base.trainer().requireWhole();
        return base;
    }

    /**
     * Parts the entries.
     *
     * @param stored those of the learner, without its books; left with those of the base
     * @param shards entries of each shard, which get its rows
     * @return the number of rows of users
     */
    long part(OrderedEntries stored, List<? extends OrderedEntries> shards) {
        try (Base base = base(stored)) {
            UserRows rows = new UserRows(settings.model(), cluster.topics()::shard, shards::get);
            base.handOverUsers((user, key, value) -> rows.give(key, value));
            long moved = rows.finish();
            base.trainer().continueSteps();
            base.drainDirty(stored);
            return moved;
        }
    }

    /** Sends what {@link #part} left to changelogs without entries. The base begins at the first delta. */
    void send(
            StateTransaction transaction,
            OrderedEntries stored,
            List<? extends OrderedEntries> shards,
            Progress progress) {
        AtomicLong sent = new AtomicLong();
        for (int shard = 0; shard < shards.size(); shard++) {
            send(transaction, Part.SHARDS, shard, shards.get(shard), sent, progress);
        }
        send(transaction, Part.BASE, 0, stored, sent, progress);
        transaction.offsets(
                stream.applicationId(Part.BASE),
                Map.of(new TopicPartition(cluster.topics().modelDeltas(), 0), StateTransaction.reached(0)));
    }

    private void send(
            StateTransaction transaction,
            Part part,
            int partition,
            EntrySource entries,
            AtomicLong sent,
            Progress progress) {
        String changelog = Changelog.of(cluster.clients(), stream, part).name();
        entries.scan(new byte[0], (key, value) -> {
            transaction.send(changelog, partition, key, Optional.of(value));
            progress.reached("sent", sent.incrementAndGet(), Progress.UNKNOWN);
            return true;
        });
    }
}
