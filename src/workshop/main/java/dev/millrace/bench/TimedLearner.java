package dev.millrace.bench;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.evaluate.Figures;
import dev.millrace.model.HeapRows;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A learner without Kafka whose phases are timed. It learns from examples, and commits after each step: vectors are taken, changed entries
 * go to a sink that counts their bytes, and the progress is made. One thread.
 */
final class TimedLearner {

    /** What a batch costs. */
    private enum Cost {
        /** Examples are collected, negatives drawn, the batch closed. */
        BATCH,
        /** All that is done with a batch before the model learns from it. */
        EXAM,
        /** The model learns; then alarms measure. */
        STEP,
        /** Vectors are chosen and computed. */
        PUBLISH,
        /** Changed entries are written, and the digest and the progress are made. */
        DRAIN
    }

    private static final int STEPS_A_DRAIN = 64;

    private final LongSupplier clock;
    private final Trainer trainer;
    private final CountedBytes written;
    private final Map<Cost, Sample> millis = new EnumMap<>(Cost.class);
    private long beganStep;
    private long ranked;
    private long wallNanos;
    private long examples;
    private long exams;
    private long vectors;
    private long withheldSteps;
    private HeapRows rowsBefore = HeapRows.NONE;

    /**
     * @param clock of the phases, nanoseconds
     * @param store of the learner's entries; absent if all rows stay on the heap, and nothing is stored
     */
    TimedLearner(TrainerSettings settings, LongSupplier clock, Optional<OrderedEntries> store) {
        this.clock = clock;
        this.written = new CountedBytes(store);
        this.trainer = new Trainer(
                settings,
                store.<EntrySource>map(entries -> entries).orElse(EntrySource.NONE),
                () -> beganStep = clock.getAsLong(),
                (example, byModel, byPopularity) -> ranked++);
        forget();
    }

    /** Puts the shop's items and users into the learner, then publishes all vectors. */
    void begin(ZipfShop shop) {
        trainer.startGeneration();
        shop.begin(batch -> {
            if (trainer.learnUnexamined(batch).refusal().isPresent()) {
                throw new IllegalStateException("step " + batch.step() + " was refused");
            }
            if (batch.step() % STEPS_A_DRAIN == 0) { // so that a table may be larger than the heap
                trainer.publish(Optional.empty(), embedding -> {});
                trainer.drainDirty(written);
            }
        });
        while (trainer.publish(Optional.empty(), embedding -> {})) {
            trainer.drainDirty(written);
        }
        trainer.completeGeneration();
        trainer.drainDirty(written);
    }

    /** Learns one batch of the shop's next clicks. */
    void step(ZipfShop shop, int batchSize) {
        List<TrainingExample> clicks =
                Stream.generate(shop::next).limit(batchSize).toList();
        long wall = System.nanoTime();
        MiniBatch batch = timed(Cost.BATCH, () -> {
            clicks.forEach(trainer::add);
            return trainer.closeBatch();
        });
        learn(batch);
        timed(Cost.PUBLISH, () -> trainer.publish(Optional.empty(), embedding -> vectors++));
        timed(Cost.DRAIN, () -> {
            trainer.drainDirty(written);
            return trainer.progress();
        });
        wallNanos += System.nanoTime() - wall;
        examples += clicks.size();
        withheldSteps += trainer.withheld().isPresent() ? 1 : 0;
    }

    /** Forgets all that was timed and counted so far. */
    void forget() {
        for (Cost cost : Cost.values()) {
            millis.put(cost, new Sample());
        }
        wallNanos = 0;
        examples = 0;
        exams = 0;
        vectors = 0;
        withheldSteps = 0;
        rowsBefore = trainer.model().heapRows();
        written.bytes = 0;
    }

    /**
     * What was timed and counted since {@link #forget}. Times are the medians of a step, that of the exam the mean, as most steps may have
     * none. <i>Learnt</i> are the rows that steps learn from, <i>read</i> those that are read from the store, and the hits' share is of the
     * learnt rows that steps need not read.
     */
    Figures figures() {
        double steps = sample(Cost.STEP).count();
        double exam = sample(Cost.EXAM).sum() / steps;
        double publish = sample(Cost.PUBLISH).median();
        double drain = sample(Cost.DRAIN).median();
        double step = sample(Cost.STEP).median();
        double allMillis = millis.values().stream().mapToDouble(Sample::sum).sum();
        HeapRows rows = trainer.model().heapRows();
        double learnt = rows.learnt() - rowsBefore.learnt();
        return new Figures()
                .with("rows", trainer.progress().rows().rows())
                .with("batchMillis", sample(Cost.BATCH).median())
                .with("examMeanMillis", exam)
                .with("exams", exams)
                .with("steps", sample(Cost.STEP).count())
                .with("stepMillis", step)
                .with("publishMillis", publish)
                .with("vectorsAStep", vectors / steps)
                .with("drainMillis", drain)
                .with("bytesAStep", written.bytes / steps)
                .with("rowsLearntAStep", learnt / steps)
                .with("rowsReadAStep", (rows.read() - rowsBefore.read()) / steps)
                .with("hitShare", 1 - (rows.missed() - rowsBefore.missed()) / learnt)
                .with("notStepRatio", (exam + publish + drain) / step)
                .with("examplesPerSecond", examples * 1e3 / allMillis)
                .with("examplesPerWallSecond", examples * 1e9 / wallNanos)
                .with("withheldSteps", withheldSteps);
    }

    private void learn(MiniBatch batch) {
        long rankedBefore = ranked;
        long begin = clock.getAsLong();
        trainer.learn(batch).refusal().ifPresent(message -> {
            throw new IllegalStateException("step " + batch.step() + " was refused: " + message);
        });
        long end = clock.getAsLong();
        sample(Cost.EXAM).add((beganStep - begin) / 1e6);
        sample(Cost.STEP).add((end - beganStep) / 1e6);
        exams += ranked > rankedBefore ? 1 : 0;
    }

    private <T> T timed(Cost cost, Supplier<T> work) {
        long begin = clock.getAsLong();
        T result = work.get();
        sample(cost).add((clock.getAsLong() - begin) / 1e6);
        return result;
    }

    private Sample sample(Cost cost) {
        return Objects.requireNonNull(millis.get(cost));
    }

    /** A sink that counts bytes, and passes the entries on if they are to be stored. */
    private static final class CountedBytes implements EntrySink {

        private final Optional<OrderedEntries> store;
        private long bytes;

        CountedBytes(Optional<OrderedEntries> store) {
            this.store = store;
        }

        @Override
        public void put(byte[] key, byte[] value) {
            bytes += key.length + value.length;
            store.ifPresent(entries -> entries.put(key, value));
        }

        @Override
        public void delete(byte[] key) {
            bytes += key.length;
            store.ifPresent(entries -> entries.delete(key));
        }
    }
}
