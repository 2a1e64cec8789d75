package dev.millrace.verify;

import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.merge.Delta;
import dev.millrace.merge.DeltaPart;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a replay has of its shards, beside the entries of their base: by shard its own entries, its next step, and deltas that it has made and
 * no round has taken. In a checkpoint they stand behind the base's.
 *
 * <p>Keys begin with {@code ~}. Alone, it is the number of shards of the last round. With a shard (int32) and 0 it is the shard's next step,
 * with 1 an own entry, with 2 a part of a delta.
 */
final class ReplayedShards implements AutoCloseable {

    private static final byte PREFIX = '~'; // behind those of all other entries
    private static final byte NEXT_STEP = 0;
    private static final byte OWN = 1;
    private static final byte PART = 2;

    private static final int HEAD_BYTES = 1 + Integer.BYTES + 1;
    private static final long CACHE_BYTES = 8L << 20;

    private final SortedMap<Integer, ScratchEntries> own = new TreeMap<>();
    private final SortedMap<Integer, Long> nextSteps = new TreeMap<>();
    private final SortedMap<Integer, List<DeltaPart>> made = new TreeMap<>();
    private int count;

    /** Returns true if the key is none of the base. */
    static boolean isOfShards(byte[] key) {
        return key[0] == PREFIX;
    }

    /** Takes the next step of a shard, if an entry of a checkpoint is that. */
    static void takeNextStep(byte[] key, byte[] value, Map<Integer, Long> steps) {
        if (isOfShards(key) && key.length == HEAD_BYTES && key[HEAD_BYTES - 1] == NEXT_STEP) {
            steps.put(ByteBuffer.wrap(key, 1, Integer.BYTES).getInt(), nextStep(value));
        }
    }

    private static long nextStep(byte[] value) {
        return Form.read(value, form -> form.longInteger(1));
    }

    /** Takes an entry of a checkpoint, in the order of the keys. */
    void take(byte[] key, byte[] value) {
        if (key.length == 1) {
            count = Form.read(value, form -> form.integer(0));
            return;
        }
        if (key.length < HEAD_BYTES) {
            throw new CorruptEntryException("a key of a shard has " + key.length + " bytes");
        }
        ByteBuffer head = ByteBuffer.wrap(key, 1, HEAD_BYTES - 1);
        int shard = head.getInt();
        switch (head.get()) {
            case NEXT_STEP -> nextSteps.put(shard, nextStep(value));
            case OWN -> own(shard).put(Arrays.copyOfRange(key, HEAD_BYTES, key.length), value);
            case PART -> made.computeIfAbsent(shard, first -> new ArrayList<>()).add(DeltaPart.decoded(value));
            default -> throw new CorruptEntryException("an entry of shard " + shard + " is of unknown kind");
        }
    }

    /** Returns the number of shards of the last round; 0 if nothing was taken. */
    int count() {
        return count;
    }

    /** Returns by shard the step that it learns next; without shards that have none. */
    SortedMap<Integer, Long> nextSteps() {
        return nextSteps;
    }

    /** Hands over the deltas that a shard has made and no round has taken, in their order. */
    List<Delta> takeMade(int shard) {
        List<Delta> whole = new ArrayList<>();
        List<DeltaPart> parts = Optional.ofNullable(made.remove(shard)).orElse(List.of());
        for (int from = 0; from < parts.size(); from += parts.get(from).parts()) {
            whole.add(DeltaPart.whole(parts.subList(from, from + parts.get(from).parts())));
        }
        return whole;
    }

    synchronized ScratchEntries own(int shard) {
        return own.computeIfAbsent(shard, first -> ScratchEntries.create(CACHE_BYTES));
    }

    /** Writes the number of shards. */
    static void writeCount(int count, EntrySink to) {
        to.put(new byte[] {PREFIX}, Form.written(form -> form.integer(count)));
    }

    /** Writes a shard. */
    static void write(int shard, long nextStep, EntrySource own, List<Delta> made, EntrySink to) {
        to.put(key(shard, NEXT_STEP, new byte[0]), Form.written(form -> form.longInteger(nextStep)));
        own.scan(new byte[0], (key, value) -> {
            to.put(key(shard, OWN, key), value);
            return true;
        });
        for (Delta delta : made) {
            for (DeltaPart part : DeltaPart.of(delta)) {
                byte[] place = ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
                        .putLong(part.delta())
                        .putInt(part.part())
                        .array();
                to.put(key(shard, PART, place), part.encoded());
            }
        }
    }

    private static byte[] key(int shard, byte kind, byte[] rest) {
        return ByteBuffer.allocate(HEAD_BYTES + rest.length)
                .put(PREFIX)
                .putInt(shard)
                .put(kind)
                .put(rest)
                .array();
    }

    @Override
    public void close() {
        own.values().forEach(ScratchEntries::close);
        own.clear();
    }
}
