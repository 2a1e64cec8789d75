package dev.millrace.stream.shard;

import dev.millrace.merge.Replica;
import dev.millrace.merge.ShardLearner;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Pauses the shards of a process while one of them waits for the base to handle a delta: after a start, until the last one is handled; and
 * while too many are not. Safe for threads.
 */
public final class Pauses {

    private final Replica replica;
    private final Map<Integer, Long> waiting = new TreeMap<>(); // for the delta, by shard
    private final Map<Integer, Long> last = new TreeMap<>(); // delta of each shard of the process
    private Runnable pause = () -> {};
    private Runnable resume = () -> {};

    public Pauses(Replica replica) {
        this.replica = replica;
    }

    /** Returns the number of shards that wait. */
    public synchronized int waiting() {
        return waiting.size();
    }

    /** Returns the number of a shard's deltas that the base has not handled, as far as the replica knows; absent for one of another process. */
    public synchronized OptionalLong unmerged(int shard) {
        Long cut = last.get(shard);
        return cut == null ? OptionalLong.empty() : OptionalLong.of(Math.max(0, cut - replica.handled(shard)));
    }

    /** Says how the process pauses its shards, and how they go on. */
    public synchronized void control(Runnable pauses, Runnable resumes) {
        pause = pauses;
        resume = resumes;
        if (!waiting.isEmpty()) {
            pause.run();
        }
    }

    /** Pauses until the base has handled the last delta of a shard that begins. */
    synchronized void begin(int shard, long delta) {
        last.put(shard, delta);
        await(shard, delta);
    }

    /** Notes the last delta of a shard, and pauses while too many are not handled. */
    synchronized void cut(int shard, long delta) {
        last.put(shard, delta);
        await(shard, delta - ShardLearner.MOST_UNMERGED + 1);
    }

    private void await(int shard, long delta) {
        if (!replica.hasHandled(shard, delta) && !replica.hasFailed()) {
            waiting.put(shard, delta);
            pause.run();
        }
    }

    /** Lets a shard wait no longer: it leaves the process. */
    synchronized void leave(int shard) {
        waiting.remove(shard);
        last.remove(shard);
        goOn();
    }

    /** Looks whether the base has come so far. A failed one lets all go on, so that they fail. */
    synchronized void look() {
        if (!waiting.isEmpty()) {
            waiting.entrySet().removeIf(one -> replica.hasFailed() || replica.hasHandled(one.getKey(), one.getValue()));
            goOn();
        }
    }

    private void goOn() {
        if (waiting.isEmpty()) {
            resume.run();
        }
    }
}
