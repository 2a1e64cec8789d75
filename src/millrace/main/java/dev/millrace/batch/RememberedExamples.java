package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.EntrySink;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The examples of the last batches, some of which are learnt again beside each new batch (rehearsal, Robins 1995). They belong to the
 * batcher that closes the batches: a learner of the log has what is rehearsed from the log. Stored under {@code prefix kind step place}.
 * One thread.
 */
final class RememberedExamples {

    /** Stream of a batch's random numbers; smaller ones are the negatives' and the counted examples'. */
    private static final int DRAWN = 5;

    private static final Comparator<Remembered> BY_BATCH =
            Comparator.comparingLong(Remembered::step).thenComparingInt(Remembered::place);

    private final BatchSettings.Rehearsal settings;
    private final byte[] prefix;
    /** By batch, oldest first. */
    private final List<Remembered> remembered = new ArrayList<>();
    /** Entries that are in the store and no longer remembered. */
    private final List<Remembered> forgotten = new ArrayList<>();

    private long durableStep;

    /**
     * One example.
     *
     * @param step batch that it was learnt in
     * @param place among the examples of that batch
     * @param encoded the example, as it is stored
     */
    private record Remembered(long step, int place, String user, String item, byte[] encoded) {

        static Remembered of(long step, int place, TrainingExample example, byte[] encoded) {
            return new Remembered(step, place, example.user().user(), example.item(), encoded);
        }

        TrainingExample example() {
            return BatchFields.example(encoded);
        }
    }

    /** @param prefix first bytes of the keys */
    RememberedExamples(BatchSettings.Rehearsal settings, byte... prefix) {
        this.settings = settings;
        this.prefix = prefix;
    }

    /** Draws examples of earlier batches without replacement (Bentley and Floyd 1987): as many as the settings say, or all if these are fewer. */
    List<TrainingExample> draw(long seed) {
        int size = remembered.size();
        Set<Integer> places = new LinkedHashSet<>();
        for (int last = Math.max(0, size - settings.examples()); last < size; last++) {
            int place = CounterRandom.below(last + 1, seed, DRAWN, last);
            if (!places.add(place)) {
                places.add(last);
            }
        }
        return places.stream().map(place -> remembered.get(place).example()).toList();
    }

    /** Remembers the examples of a batch that count, and forgets those of the batches before the last ones. */
    void observe(MiniBatch batch) {
        forget(old -> old.step() <= batch.step() - settings.batches());
        for (int place = 0; settings.examples() > 0 && place < batch.examples().size(); place++) {
            if (batch.isCounted(place)) {
                TrainingExample example = batch.examples().get(place);
                remembered.add(Remembered.of(batch.step(), place, example, BatchFields.encoded(example)));
            }
        }
    }

    /** Forgets the examples of users, and those of items. */
    void forget(Set<String> users, Set<String> items) {
        if (!users.isEmpty() || !items.isEmpty()) {
            forget(old -> users.contains(old.user()) || items.contains(old.item()));
        }
    }

    /** Forgets all examples of a batch that was not learnt, those that it rehearsed among them. */
    void forget(MiniBatch batch) {
        if (remembered.isEmpty()) {
            return;
        }
        Set<ByteBuffer> unlearnt = new HashSet<>();
        batch.asLearnt().examples().forEach(example -> unlearnt.add(ByteBuffer.wrap(BatchFields.encoded(example))));
        forget(old -> unlearnt.contains(ByteBuffer.wrap(old.encoded())));
    }

    void restore(byte[] key, byte[] value) {
        ByteBuffer at = ByteBuffer.wrap(key).position(prefix.length);
        long step = at.getLong();
        Remembered stored = Remembered.of(step, at.getInt(), BatchFields.example(value), value);
        durableStep = Math.max(durableStep, step);
        if (settings.examples() > 0) {
            remembered.add(-1 - Collections.binarySearch(remembered, stored, BY_BATCH), stored);
        } else {
            forgotten.add(stored); // it was stored when the settings asked for it
        }
    }

    void drainDirty(EntrySink sink) {
        forgotten.forEach(old -> sink.delete(key(old)));
        forgotten.clear();
        int end = remembered.size();
        int begin = end;
        while (begin > 0 && remembered.get(begin - 1).step() > durableStep) {
            begin--;
        }
        for (Remembered fresh : remembered.subList(begin, end)) {
            sink.put(key(fresh), fresh.encoded());
            durableStep = fresh.step();
        }
    }

    private void forget(Predicate<Remembered> isLeaving) {
        remembered.removeIf(old -> {
            boolean leaves = isLeaving.test(old);
            if (leaves && old.step() <= durableStep) {
                forgotten.add(old);
            }
            return leaves;
        });
    }

    private byte[] key(Remembered old) {
        return ByteBuffer.allocate(prefix.length + Long.BYTES + Integer.BYTES)
                .put(prefix)
                .putLong(old.step())
                .putInt(old.place())
                .array();
    }
}
