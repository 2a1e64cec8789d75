package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.exam.ExamWitness;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.EntrySource;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * Feeds a recorded history to a new model, part by part, once or in several passes, and tells how far it is. Every protocol is run by it: it has a
 * {@link Split}, and what is done with a batch is a {@link Score}'s. It reads the history anew for each pass. One thread.
 */
final class Runner implements AutoCloseable {

    private static final long SHUFFLE_STREAM = 0x5bd1e995L;
    private static final int SHUFFLED_BUFFER_BYTES = 1 << 12; // an example has some hundred

    private final Evaluation evaluation;
    private final Split split;
    private final Trainer trainer;
    private final RecordedExamples.Reader reader;
    private final Queue<RecordedExamples.Change> waiting = new ArrayDeque<>(); // read, and not fed
    private final long all;
    private final int listed; // items before so many examples were fed by the passes before the last
    private String part = "";
    private long done;
    private int read; // examples read in their order
    private int inOrder; // of these, fed

    /**
     * @param settings of the model
     * @param witness told of each event that an exam ranks
     */
    Runner(Evaluation evaluation, Split split, TrainerSettings settings, ExamWitness witness) {
        this.evaluation = evaluation;
        this.split = split;
        this.trainer = new Trainer(settings, EntrySource.NONE, evaluation.times(), witness);
        this.reader = evaluation.recorded().reader();
        int repeated = split.repeated().cardinality();
        this.listed = split.passes() == 1 ? -1 : repeated;
        this.all = (split.passes() - 1L) * repeated + split.fed().cardinality();
    }

    Trainer trainer() {
        return trainer;
    }

    /** Feeds the repeated examples and their items in all passes but the last, each time in another random order; then each part in order. */
    void run(Score score) {
        if (split.passes() > 1) {
            repeat(score::repeat);
        }
        for (Split.Part each : split.parts()) {
            part = each.title();
            evaluation.progress().reached(part, done, all);
            score.begin(each);
            feed(each, score);
            score.end(each);
        }
    }

    private void repeat(Consumer<MiniBatch> step) {
        RecordedExamples.Reader items = evaluation.recorded().reader();
        while (items.advance() && items.before() <= listed) {
            if (items.kind() == RecordedExamples.Kind.CHANGE) {
                change(items.change(), step);
            }
        }
        RecordedExamples.Reader examples = evaluation.recorded().reader(SHUFFLED_BUFFER_BYTES);
        for (int pass = 1; pass < split.passes(); pass++) {
            for (long offset : shuffled(evaluation.trainer().batch().seed(), pass)) {
                if (isStopped()) {
                    return;
                }
                add(examples.exampleAt(offset), step);
            }
            closeOpen(step);
        }
    }

    private void change(RecordedExamples.Change change, Consumer<MiniBatch> step) {
        trainer.reach(change.clock());
        change.items().forEach(trainer::change);
        change.removedUsers().forEach(trainer::removeUser);
        while (trainer.isBatchReady()) {
            step.accept(trainer.closeBatch());
        }
    }

    boolean isStopped() {
        return evaluation.isStopped().getAsBoolean();
    }

    /** Brings another reader to where the next example is read. */
    void bring(RecordedExamples.Reader other) {
        other.follow(reader);
    }

    /** Returns how many examples were read in their order. */
    int read() {
        return read;
    }

    private void feed(Split.Part of, Score score) {
        Consumer<MiniBatch> step = batch -> score.take(batch, of);
        while ((split.isOfBatches() ? done : read) < of.end() && !isStopped() && reader.advance()) {
            if (split.isOfBatches()) {
                if (reader.kind() == RecordedExamples.Kind.BATCH) {
                    take(reader.batch(), step);
                }
                continue; // its examples follow
            }
            if (reader.kind() == RecordedExamples.Kind.CHANGE) {
                RecordedExamples.Change change = reader.change();
                if (!score.change(change) && change.before() > listed) {
                    waiting.add(change);
                }
            } else if (reader.kind() == RecordedExamples.Kind.EXAMPLE
                    && split.fed().get(read++)) {
                while (!waiting.isEmpty() && waiting.element().before() <= inOrder) {
                    change(waiting.remove(), step);
                }
                TrainingExample example = reader.example();
                score.fed(example, of);
                inOrder++;
                add(example, step);
            }
        }
        if (!split.isOfBatches() && !isStopped()) {
            closeOpen(step);
        }
    }

    private void add(TrainingExample example, Consumer<MiniBatch> step) {
        trainer.add(example);
        while (trainer.isBatchReady()) {
            take(trainer.closeBatch(), step);
        }
    }

    private void closeOpen(Consumer<MiniBatch> step) {
        if (trainer.hasOpenWork()) {
            take(trainer.closeBatch(), step);
        }
    }

    private void take(MiniBatch batch, Consumer<MiniBatch> step) {
        step.accept(batch);
        done += batch.examples().size() + batch.exposed().size();
        evaluation.progress().reached(part, done, all);
    }

    /** Returns where the repeated examples are, in a random order: eight bytes an example. */
    private long[] shuffled(long seed, int pass) {
        long[] offsets = new long[split.repeated().cardinality()];
        RecordedExamples.Reader examples = evaluation.recorded().reader();
        for (int count = 0; count < offsets.length && examples.advance(); ) {
            if (examples.kind() == RecordedExamples.Kind.EXAMPLE
                    && split.repeated().get(examples.before())) {
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

    /** Returns the query vectors of events, by the model as it is. */
    List<float[]> queries(List<TrainingExample> events) {
        float[] all = new float[events.size() * trainer.dim()];
        trainer.userVectors(
                events.stream().map(TrainingExample::user).toList(),
                events.stream().map(TrainingExample::context).toList(),
                all);
        return rows(all, events.size());
    }

    /** Returns the vectors of all items, by the model as it is. */
    Map<String, float[]> vectors() {
        List<String> items = trainer.items();
        float[] all = new float[items.size() * trainer.dim()];
        trainer.vectors(items, all);
        List<float[]> rows = rows(all, items.size());
        Map<String, float[]> vectors = new LinkedHashMap<>();
        for (int at = 0; at < items.size(); at++) {
            vectors.put(items.get(at), rows.get(at));
        }
        return vectors;
    }

    private List<float[]> rows(float[] all, int count) {
        List<float[]> rows = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            rows.add(Arrays.copyOfRange(all, at * trainer.dim(), (at + 1) * trainer.dim()));
        }
        return rows;
    }

    @Override
    public void close() {
        trainer.close();
    }
}
