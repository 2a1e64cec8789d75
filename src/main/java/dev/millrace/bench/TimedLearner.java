package dev.millrace.bench;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.exam.ExamWitness;
import dev.millrace.model.RowCache;
import dev.millrace.model.StepTimes;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.StepOutcome;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
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
    enum Cost {
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
    private static final double NANOS_A_MILLI = 1e6;
    private static final double NANOS_A_SECOND = 1e9;

    private final LongSupplier clock;
    private final Trainer trainer;
    private final CountedBytes written;
    private final Map<Cost, DurationSample> millis = new EnumMap<>(Cost.class);
    private final Map<Cost, Double> sums = new EnumMap<>(Cost.class);
    private long beganStep;
    private long ranked;
    private long wallNanos;
    private long examples;
    private long exams;
    private long vectors;
    private long withheldSteps;
    private RowCache rowsBefore = new RowCache(0, 0, 0, 0);

    /**
     * @param clock of the phases, nanoseconds
     * @param store of the learner's entries; absent if all rows stay on the heap, and nothing is stored
     */
    TimedLearner(TrainerSettings settings, LongSupplier clock, Optional<OrderedEntries> store) {
        this.clock = clock;
        this.written = new CountedBytes(store);
        StepTimes times = new StepTimes() {
            @Override
            public void begin() {
                beganStep = clock.getAsLong();
            }

            @Override
            public void lap(Phase phase) {}
        };
        ExamWitness witness = (example, byModel, byPopularity) -> ranked++;
        this.trainer = new Trainer(
                settings, store.<EntrySource>map(entries -> entries).orElse(EntrySource.NONE), times, witness);
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
        timed(Cost.PUBLISH, () -> {
            trainer.publish(Optional.empty(), embedding -> vectors++);
            return vectors;
        });
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
            millis.put(cost, new DurationSample());
            sums.put(cost, 0.0);
        }
        ranked = 0;
        wallNanos = 0;
        examples = 0;
        exams = 0;
        vectors = 0;
        withheldSteps = 0;
        rowsBefore = trainer.model().rowCache();
        written.bytes = 0;
    }

    /** Number of steps since {@link #forget}. */
    int steps() {
        return sample(Cost.STEP).count();
    }

    /** Median of a phase over the steps, milliseconds. */
    double median(Cost cost) {
        return sample(cost).quantile(0.5);
    }

    /** Mean of a phase over the steps, milliseconds. */
    double mean(Cost cost) {
        return sum(cost) / steps();
    }

    /** Steps in which an exam ranked anything. */
    long exams() {
        return exams;
    }

    /** Examples that exams ranked. */
    long ranked() {
        return ranked;
    }

    /** Vectors published, a step. */
    double vectorsAStep() {
        return (double) vectors / steps();
    }

    /** Bytes of the entries written, a step. */
    double bytesAStep() {
        return (double) written.bytes / steps();
    }

    /** Rows that were learnt from, a step. */
    double rowsAStep() {
        return (double) (trainer.model().rowCache().learnt() - rowsBefore.learnt()) / steps();
    }

    /** Rows that were read from the store, a step: by the steps, and by what is done around them. */
    double rowsReadAStep() {
        return (double) (trainer.model().rowCache().read() - rowsBefore.read()) / steps();
    }

    /** Rows that the steps themselves had to read from the store, a step. */
    double rowsMissedAStep() {
        return (double) (trainer.model().rowCache().missed() - rowsBefore.missed()) / steps();
    }

    /** Steps after which vectors were withheld. */
    long withheldSteps() {
        return withheldSteps;
    }

    /** Examples by the time of all phases, a second. */
    double examplesASecond() {
        double sum = sums.values().stream().mapToDouble(Double::doubleValue).sum();
        return examples * NANOS_A_SECOND / (sum * NANOS_A_MILLI);
    }

    /** Examples by the time that passed in the learner, a second. */
    double examplesAWallSecond() {
        return examples * NANOS_A_SECOND / wallNanos;
    }

    TrainingProgress progress() {
        return trainer.progress();
    }

    private void learn(MiniBatch batch) {
        long rankedBefore = ranked;
        long begin = clock.getAsLong();
        StepOutcome outcome = trainer.learn(batch);
        outcome.refusal().ifPresent(message -> {
            throw new IllegalStateException("step " + batch.step() + " was refused: " + message);
        });
        long end = clock.getAsLong();
        add(Cost.EXAM, beganStep - begin);
        add(Cost.STEP, end - beganStep);
        exams += ranked > rankedBefore ? 1 : 0;
    }

    private <T> T timed(Cost cost, Supplier<T> work) {
        long begin = clock.getAsLong();
        T result = work.get();
        add(cost, clock.getAsLong() - begin);
        return result;
    }

    private void add(Cost cost, long nanos) {
        sample(cost).add(nanos / NANOS_A_MILLI);
        sums.merge(cost, nanos / NANOS_A_MILLI, Double::sum);
    }

    private DurationSample sample(Cost cost) {
        return Objects.requireNonNull(millis.get(cost));
    }

    private double sum(Cost cost) {
        return sums.getOrDefault(cost, 0.0);
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
