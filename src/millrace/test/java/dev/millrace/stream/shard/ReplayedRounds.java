package dev.millrace.stream.shard;

import dev.millrace.batch.MiniBatch;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.StepDigest;
import dev.millrace.train.TrainerSettings;
import dev.millrace.verify.ShardReplay;
import dev.millrace.wire.ModelRound;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes the rounds of a log that was read again, by the audit's own code. */
public final class ReplayedRounds implements AutoCloseable {

    private final Map<Integer, List<MiniBatch>> logs = new TreeMap<>();
    private final ShardReplay replay;

    public ReplayedRounds(TrainerSettings settings) {
        replay = new ShardReplay(
                settings,
                new MemoryEntries(),
                shard -> logs.getOrDefault(shard, List.of()).iterator(),
                0);
    }

    /**
     * Makes all rounds again, and requires what the log says of each: batch, deltas, digest.
     *
     * @param batches by shard, in their order
     * @return the digest after each round
     */
    public List<String> run(Map<Integer, List<MiniBatch>> batches, List<ModelRound> rounds) {
        logs.putAll(batches);
        rounds.forEach(replay::expect);
        List<String> digests = new ArrayList<>();
        for (ModelRound round : rounds) {
            replay.learn(round, "of the test");
            digests.add(replay.trainer().digest().map(StepDigest::digest).orElseThrow());
        }
        return digests;
    }

    @Override
    public void close() {
        replay.close();
    }
}
