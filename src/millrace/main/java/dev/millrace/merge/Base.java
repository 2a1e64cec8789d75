package dev.millrace.merge;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.Learning;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.SharedNumbers;
import dev.millrace.model.SharedNumbers.Change;
import dev.millrace.model.StepReport;
import dev.millrace.model.StepTimes;
import dev.millrace.model.TwoTower;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * The learner that several {@link ShardLearner}s share: its steps are {@link Round}s, which merge what the shards learnt since the last one.
 *
 * <p>It is a {@link Trainer} that learns no batch itself. A round's batch has the changes of the catalogue and the examples that the shards
 * counted, so that catalogue, popularity, neighbours, mixture, exams, gate and publication are those of a learner whose batches are the
 * rounds. One thread.
 */
public final class Base implements Durable, AutoCloseable {

    /** Rounds after which a delta is refused as stale; the removals of items are remembered for so long. */
    static final int MOST_ROUNDS_LATE = 64;

    private static final byte PREFIX = 'R';
    private static final Comparator<Delta> ORDER = Comparator.comparingInt(
                    (Delta delta) -> delta.origin().shard())
            .thenComparingLong(delta -> delta.origin().number());

    private final ModelSettings model;
    private final EntrySource stored;
    private final Trainer trainer;
    private final SharedNumbers numbers;
    private final List<Delta> waiting = new ArrayList<>();
    private Optional<Merge> open = Optional.empty();

    /** By shard, the number of the last delta that a round has. */
    private SortedMap<Integer, Long> handled = new TreeMap<>();
    /** By item that was removed of late, the round of it. */
    private SortedMap<String, Long> removals = new TreeMap<>();

    private final StoredFields fields = new StoredFields(this::fields);

    /**
     * @param stored what the base's drains wrote; {@link EntrySource#NONE} if all embedding rows stay on the heap
     * @param witness told of each event that an exam ranks
     */
    public Base(TrainerSettings settings, EntrySource stored, ExamWitness witness) {
        model = settings.model();
        this.stored = stored;
        trainer = new Trainer(settings.ofBase(), stored, StepTimes.UNTIMED, witness);
        numbers = new SharedNumbers(trainer.model());
    }

    /**
     * Hands over the rows of all users: a learner that was alone becomes the base of shards, which own them from now on. The next drain deletes
     * them here.
     *
     * @param to takes the user, and key and value of the stored row
     */
    public void handOverUsers(RowTaker to) {
        List<String> users = new ArrayList<>();
        for (byte[] prefix : SharedNumbers.ownRows(model)) {
            stored.scan(prefix, EntrySource.behind(prefix), (key, value) -> {
                String user = new String(key, prefix.length, key.length - prefix.length, StandardCharsets.UTF_8);
                to.take(user, key, value);
                return users.add(user);
            });
        }
        users.forEach(trainer.model()::removeUser);
    }

    /** Takes the row of a user. */
    public interface RowTaker {
        void take(String user, byte[] key, byte[] value);
    }

    /** Returns what of some settings cannot be learnt in shards. */
    public static List<SettingFault> faults(TrainerSettings settings) {
        List<SettingFault> faults = new ArrayList<>();
        settings.model()
                .optimisersButAdagrad()
                .forEach((key, kind) -> faults.add(new SettingFault(
                        key, kind, "must be adagrad with shards: the merge adds up its accumulators")));
        if (settings.batch().maxSize() > settings.batch().size()) {
            faults.add(new SettingFault(
                    "batch.max-size",
                    Integer.toString(settings.batch().maxSize()),
                    "must not exceed batch.size with shards, which take what one learner cannot"));
        }
        if (settings.model().admitAfter() > 1) {
            faults.add(new SettingFault(
                    "table.admit-after",
                    Integer.toString(settings.model().admitAfter()),
                    "must be 1 with shards, which do not share counts of sightings"));
        }
        if (settings.model().hasGraph()) {
            faults.add(new SettingFault("tower.channel.<name>.kind", "dl4j", "must be a built-in kind with shards"));
        }
        return faults;
    }

    /** Ends the threads that share the reading of rows. */
    @Override
    public void close() {
        trainer.close();
    }

    /** Returns the learner, to be read, published and told to keep its mixture; {@link #merge} makes its steps. */
    public Trainer trainer() {
        return trainer;
    }

    public void change(CatalogueChange change) {
        trainer.change(change);
    }

    /** As {@link Trainer#reach}. */
    public void reach(long time) {
        trainer.reach(time);
    }

    /**
     * Takes the next delta of a shard.
     *
     * @throws IllegalStateException if it is not the next, or of another model
     */
    public void add(Delta delta) {
        Delta.Origin origin = delta.origin();
        long before = waiting.stream()
                .map(Delta::origin)
                .filter(other -> other.shard() == origin.shard())
                .mapToLong(Delta.Origin::number)
                .max()
                .orElse(handled.getOrDefault(origin.shard(), 0L));
        if (origin.number() != before + 1) {
            throw new IllegalStateException("delta " + origin.number() + " of shard " + origin.shard()
                    + " follows delta " + before + ": a shard's deltas must come in order, each once");
        }
        if (!origin.generation().equals(trainer.generation()) || origin.round() > trainer.step()) {
            throw new IllegalStateException("delta " + origin.number() + " of shard " + origin.shard()
                    + " was learnt on round " + origin.round() + " of " + origin.generation()
                    + ", the base is at round "
                    + trainer.step() + " of " + trainer.generation());
        }
        waiting.add(delta);
    }

    /** Returns true if catalogue changes fill a round. */
    public boolean isFull() {
        return trainer.isBatchReady();
    }

    public boolean hasOpenWork() {
        return trainer.hasOpenWork() || !waiting.isEmpty();
    }

    /** Closes the next round: it has all that has come. {@link #merge} follows. */
    public MiniBatch closeRound() {
        Merge merge = new Merge(trainer.step() + 1);
        waiting.stream().sorted(ORDER).forEach(merge::take);
        waiting.clear();
        MiniBatch batch = trainer.closeBatch();
        open = Optional.of(merge);
        return batch;
    }

    /**
     * Examines the model on the round that was closed, then merges it.
     *
     * @param batch of {@link #closeRound}
     * @param isExamined whether there is an exam if the settings have one, which changes no weight
     */
    public Round merge(MiniBatch batch, boolean isExamined) {
        Merge merge = open.orElseThrow(() -> new IllegalStateException("no round was closed"));
        open = Optional.empty();
        CatalogueChange.removed(batch.catalogue()).forEach(item -> removals.put(item, batch.step()));
        removals.values().removeIf(round -> round < batch.step() - MOST_ROUNDS_LATE);
        trainer.learn(batch, isExamined, merge);
        fields.change();
        return new Round(batch, handled, merge.refused);
    }

    /** The deltas of one round. */
    private final class Merge implements Learning {

        private final long round;
        private final List<Delta> accepted = new ArrayList<>();
        private final List<Round.Refusal> refused = new ArrayList<>();
        private final IdentityHashMap<TrainingExample, float[]> vectors = new IdentityHashMap<>();

        Merge(long round) {
            this.round = round;
        }

        private void take(Delta delta) {
            Delta.Origin origin = delta.origin();
            handled.put(origin.shard(), origin.number());
            delta.removedUsers().forEach(trainer::removeUser);
            for (Delta.Counted counted : delta.counted()) {
                TrainingExample example = counted.example();
                vectors.put(example, counted.vector());
                trainer.add(example);
            }
            if (origin.round() < round - MOST_ROUNDS_LATE) {
                refused.add(new Round.Refusal(origin.shard(), origin.number(), Round.Reason.STALE));
            } else if (!delta.isFinite()) {
                refused.add(new Round.Refusal(origin.shard(), origin.number(), Round.Reason.NOT_FINITE));
            } else if (delta.steps().examples() > 0) {
                accepted.add(delta);
            }
        }

        @Override
        public boolean learns(MiniBatch batch) {
            return !accepted.isEmpty();
        }

        @Override
        public StepReport learn(MiniBatch batch, TwoTower model) {
            long time = accepted.stream()
                    .mapToLong(delta -> delta.steps().latestTime())
                    .max()
                    .orElseThrow();
            numbers.step(batch.step(), time, () -> {
                MergeRule rule = new MergeRule(numbers);
                accepted.forEach(delta -> rule.add(
                        delta.origin().shard(),
                        delta.changes().stream()
                                .filter(change -> isOfThisTime(delta, change))
                                .toList(),
                        delta.steps().examples()));
                return rule.merged();
            });
            return StepReport.mean(
                    accepted.stream().map(delta -> delta.steps().report()).toList(), model.temperature());
        }

        /** Returns false for the row of an item that was removed since the shard learnt it. */
        private boolean isOfThisTime(Delta delta, Change change) {
            return numbers.item(change.key())
                    .map(item ->
                            removals.getOrDefault(item, 0L) <= delta.origin().round())
                    .orElse(true);
        }

        @Override
        public void userVectors(
                List<TrainingExample> examples, Map<String, Double> weights, TwoTower model, float[] out) {
            if (!weights.isEmpty()) {
                throw new IllegalStateException(
                        "a shard gives vectors of the channels' own weights, not of " + weights);
            }
            for (int at = 0; at < examples.size(); at++) {
                float[] vector = Optional.ofNullable(vectors.get(examples.get(at)))
                        .orElseThrow(() -> new IllegalStateException("an example of the round is of no delta"));
                System.arraycopy(vector, 0, out, at * model.dim(), model.dim());
            }
        }
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        if (key[0] == PREFIX) {
            fields.restore(value);
        } else {
            trainer.restore(key, value);
        }
    }

    @Override
    public void drainDirty(EntrySink sink) {
        trainer.drainDirty(sink);
        fields.drain(new byte[] {PREFIX}, sink);
    }

    private void fields(Form form) {
        handled = numbers(form, handled, (shard, read) -> read.integer(shard), 0);
        removals = numbers(form, removals, (item, read) -> read.text(item), "");
    }

    /** Numbers by what they are of, as fields. */
    private static <T extends Comparable<T>> SortedMap<T, Long> numbers(
            Form form, SortedMap<T, Long> now, BiFunction<T, Form, T> key, T none) {
        SortedMap<T, Long> all = new TreeMap<>();
        form.list(
                        List.copyOf(now.entrySet()),
                        Map.entry(none, 0L),
                        (each, of) -> Map.entry(key.apply(of.getKey(), each), each.longInteger(of.getValue())))
                .forEach(of -> all.put(of.getKey(), of.getValue()));
        return all;
    }
}
