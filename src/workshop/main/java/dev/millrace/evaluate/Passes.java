package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.state.CounterRandom;
import dev.millrace.train.Trainer;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/** Feeds a recorded history to a trainer, once or several times, and tells how far it is. It reads the history anew for each pass. One thread. */
final class Passes {

    private static final long SHUFFLE_STREAM = 0x5bd1e995L;
    private static final int SHUFFLED_BUFFER_BYTES = 1 << 12; // an example has some hundred

    private final Evaluation evaluation;
    private final Trainer learner;
    private final BitSet repeated;
    private final RecordedExamples.Reader reader;
    private final Queue<RecordedExamples.Change> waiting = new ArrayDeque<>(); // read, and not fed
    private final long all;
    private final int listed; // items before so many examples were fed by the passes before the last
    private String part = "";
    private long done;
    private int read; // examples read in their order
    private int inOrder; // of these, fed

    /**
     * @param repeated examples that are fed in every pass
     * @param used number of examples that are fed in the last pass
     */
    Passes(Evaluation evaluation, Trainer learner, BitSet repeated, int used) {
        this.evaluation = evaluation;
        this.learner = learner;
        this.repeated = repeated;
        this.reader = evaluation.recorded().reader();
        this.listed = evaluation.shares().passes() == 1 ? -1 : repeated.cardinality();
        this.all = (evaluation.shares().passes() - 1L) * repeated.cardinality() + used;
    }

    /** Returns the first examples. */
    static BitSet first(int count) {
        BitSet first = new BitSet(count);
        first.set(0, count);
        return first;
    }

    /** Feeds the repeated examples and their items in all passes but the last, each time in another random order. */
    void begin(Consumer<MiniBatch> step) {
        if (listed < 0) {
            return;
        }
        RecordedExamples.Reader items = evaluation.recorded().reader();
        while (items.advance() && items.before() <= listed) {
            if (items.kind() == RecordedExamples.Kind.CHANGE) {
                change(items.change(), step);
            }
        }
        RecordedExamples.Reader examples = evaluation.recorded().reader(SHUFFLED_BUFFER_BYTES);
        for (int pass = 1; pass < evaluation.shares().passes(); pass++) {
            for (long offset : shuffled(evaluation.trainer().batch().seed(), pass)) {
                if (evaluation.isStopped().getAsBoolean()) {
                    return;
                }
                add(examples.exampleAt(offset), step);
            }
            closeOpen(step);
        }
    }

    private void change(RecordedExamples.Change change, Consumer<MiniBatch> step) {
        learner.reach(change.clock());
        change.items().forEach(learner::change);
        change.removedUsers().forEach(learner::removeUser);
        while (learner.isBatchReady()) {
            step.accept(learner.closeBatch());
        }
    }

    /** Begins a part of the examples, which the progress names. */
    void part(String name) {
        part = name;
        evaluation.progress().reached(part, done, all);
    }

    /** Brings another reader to where the next example is read. */
    void bring(RecordedExamples.Reader other) {
        other.follow(reader);
    }

    /** Returns how many examples were read in their order. */
    int read() {
        return read;
    }

    /** Feeds the next examples in their order, and items in their place between them. */
    void feed(int end, Consumer<MiniBatch> step) {
        feed(end, place -> true, example -> {}, step);
    }

    /**
     * As {@link #feed(int, Consumer)}, some of the examples.
     *
     * @param isFed told of each example's place
     * @param before is told of each example just before it is fed
     */
    void feed(int end, IntPredicate isFed, Consumer<TrainingExample> before, Consumer<MiniBatch> step) {
        feed(
                end,
                isFed,
                change -> {
                    if (change.before() > listed) {
                        waiting.add(change);
                    }
                },
                example -> {
                    while (!waiting.isEmpty() && waiting.element().before() <= inOrder) {
                        change(waiting.remove(), step);
                    }
                    before.accept(example);
                },
                step);
    }

    /** As {@link #feed(int, IntPredicate, Consumer, Consumer)}; items are told and not fed. */
    void feed(
            int end,
            IntPredicate isFed,
            Consumer<RecordedExamples.Change> change,
            Consumer<TrainingExample> before,
            Consumer<MiniBatch> step) {
        while (read < end && reader.advance()) {
            if (evaluation.isStopped().getAsBoolean()) {
                return;
            }
            switch (reader.kind()) {
                case CHANGE -> change.accept(reader.change());
                case EXAMPLE -> {
                    if (isFed.test(read++)) {
                        TrainingExample example = reader.example();
                        before.accept(example);
                        inOrder++;
                        add(example, step);
                    }
                }
                case BATCH -> {} // its examples follow
            }
        }
        closeOpen(step);
    }

    /** Feeds the next batches of a log as they are, those that begin before an example. */
    void feedLogged(int end, Consumer<MiniBatch> step) {
        while (done < end && !evaluation.isStopped().getAsBoolean() && reader.advance()) {
            if (reader.kind() == RecordedExamples.Kind.BATCH) {
                take(reader.batch(), step);
            }
        }
    }

    private void add(TrainingExample example, Consumer<MiniBatch> step) {
        learner.add(example);
        while (learner.isBatchReady()) {
            take(learner.closeBatch(), step);
        }
    }

    private void closeOpen(Consumer<MiniBatch> step) {
        if (learner.hasOpenWork()) {
            take(learner.closeBatch(), step);
        }
    }

    private void take(MiniBatch batch, Consumer<MiniBatch> step) {
        step.accept(batch);
        done += batch.examples().size() + batch.exposed().size();
        evaluation.progress().reached(part, done, all);
    }

    /** Returns where the repeated examples are, in a random order: eight bytes an example. */
    private long[] shuffled(long seed, int pass) {
        long[] offsets = new long[repeated.cardinality()];
        RecordedExamples.Reader examples = evaluation.recorded().reader();
        for (int count = 0; count < offsets.length && examples.advance(); ) {
            if (examples.kind() == RecordedExamples.Kind.EXAMPLE && repeated.get(examples.before())) {
                offsets[count++] = examples.offset();
            }
        }
        for (int at = offsets.length - 1; at > 0; at--) { // Fisher and Yates
            int other = CounterRandom.below(at + 1, seed, SHUFFLE_STREAM + pass, at);
            long swapped = offsets[at];
            offsets[at] = offsets[other];
            offsets[other] = swapped;
        }
        return offsets;
    }
}
