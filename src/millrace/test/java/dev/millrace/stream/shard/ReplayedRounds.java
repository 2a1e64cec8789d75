package dev.millrace.stream.shard;

import dev.millrace.batch.MiniBatch;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.verify.ShardReplay;
import dev.millrace.wire.ModelRound;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes the rounds of a log that was read again, by the audit's own code. */
public final class ReplayedRounds implements AutoCloseable {

    private final Map<Integer, List<MiniBatch>> logs = new TreeMap<>();
    private final MemoryEntries stored = new MemoryEntries();
    private final ShardReplay replay;

    /** Looks at the base after each round. */
    public interface Witness {
        void after(long round, Trainer base);
    }

    public ReplayedRounds(TrainerSettings settings) {
        replay = new ShardReplay(
                settings,
                stored,
                (shard, step) -> logs.getOrDefault(shard, List.of()).iterator(),
                0);
    }

    /**
     * Makes all rounds again, and requires what the log says of each: batch, deltas, digest.
     *
     * @param batches by shard, in their order
     * @param witness told of each round
     * @return the digest after each round
     */
    public List<String> run(Map<Integer, List<MiniBatch>> batches, List<ModelRound> rounds, Witness witness) {
        logs.putAll(batches);
        rounds.forEach(replay::expect);
        List<String> digests = new ArrayList<>();
        for (ModelRound round : rounds) {
            replay.learn(round, "of the test");
            digests.add(replay.trainer().digest().map(StepDigest::digest).orElseThrow());
            witness.after(round.batch().step(), replay.trainer());
        }
        return digests;
    }

    /** Returns the entries that servers get: those of the base, and the rows of users of its shards; in hexadecimal. */
    public Map<String, String> querySide() {
        Map<String, String> entries = new TreeMap<>();
        stored.scan(new byte[0], (key, value) -> {
            if (replay.trainer().isQuerySide(key)) {
                entries.put(HexFormat.of().formatHex(key), HexFormat.of().formatHex(value));
            }
            return true;
        });
        replay.rowsOfUsers((key, value) ->
                entries.put(HexFormat.of().formatHex(key), HexFormat.of().formatHex(value)));
        return entries;
    }

    @Override
    public void close() {
        replay.close();
    }
}
