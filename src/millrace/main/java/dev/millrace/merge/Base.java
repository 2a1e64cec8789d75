package dev.millrace.merge;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.Learning;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.RowStorage;
import dev.millrace.model.SharedNumbers;
import dev.millrace.model.StepReport;
import dev.millrace.model.StepTimes;
import dev.millrace.model.TwoTower;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;

/**
 * The learner that several {@link ShardLearner}s share: its steps are {@link Round}s, which merge what the shards learnt since the last one.
 *
 * <p>It is a {@link Trainer} that learns no batch itself. A round's batch has the changes of the catalogue and the examples that the shards
 * counted, so that catalogue, popularity, neighbours, mixture, exams, gate and publication are those of a learner whose batches are the
 * rounds. One thread.
 */
public final class Base implements Durable, AutoCloseable {

    /** Rounds with deltas after which a delta is refused as stale; the removals of items are remembered for so long. */
    static final int MOST_ROUNDS_LATE = 64;

    /** Removals that are remembered at most. With more, deltas from before the first of them are stale. */
    static final int MOST_REMOVALS = 1 << 15;

    /** Bytes of examples, as {@link Delta#examplesBytes} counts them, that fill a round, or a delta. */
    static final long FULL_BYTES = 2 << 20;

    private static final byte PREFIX = 'R';

    // second bytes of keys; the key of the mark has none
    private static final byte NEWS = 1;
    private static final byte PART = 2;

    /** Rounds whose news are stored: followers read them as they come. */
    private static final int NEWS_KEPT = 16;

    private static final Comparator<Waiting> ORDER = Comparator.comparingInt(
                    (Waiting one) -> one.delta().origin().shard())
            .thenComparingLong(one -> one.delta().origin().number());

    private final ModelSettings model;
    private final EntrySource stored;
    private final Trainer trainer;
    private final SharedNumbers numbers;
    private final List<Waiting> waiting = new ArrayList<>();
    /** By shard, the parts of a delta that has not come whole. */
    private final SortedMap<Integer, List<DeltaPart>> parts = new TreeMap<>();
    /** Keys of the parts that are stored. */
    private final SortedSet<byte[]> storedParts = new TreeSet<>(Arrays::compareUnsigned);
    /** Rounds since the last drain. */
    private final List<Round> fresh = new ArrayList<>();

    private long waitingBytes;
    private Optional<Merge> open = Optional.empty();

    /** By shard, the number of the last delta that a round has. */
    private SortedMap<Integer, Long> handled = new TreeMap<>();
    /** By item that was removed of late, the round of it. */
    private SortedMap<String, Long> removals = new TreeMap<>();
    /** The last rounds that had deltas, with how many. Others make nothing stale: a thousand changes of the catalogue may come at once. */
    private SortedMap<Long, Long> merged = new TreeMap<>();
    /** Deltas that were learnt on an earlier round are stale. */
    private long oldest;
    /** Shards that the last round with deltas had deltas of. */
    private SortedMap<Integer, Long> expected = new TreeMap<>();

    /** A delta of the next round. */
    private record Waiting(Delta delta, String sha256) {}

    /**
     * What the last entry of a drain says: all entries before it are as of that round.
     *
     * @param digest of the base after the round
     * @param isWithheld whether nothing but deletions is published at present
     * @param handled by shard, the number of the last delta that a round has
     */
    public record Mark(long round, String digest, boolean isWithheld, SortedMap<Integer, Long> handled) {

        static final Mark NONE = new Mark(-1, "", false, new TreeMap<>());
    }

    /**
     * @param stored what the base's drains wrote; {@link EntrySource#NONE} if all embedding rows stay on the heap
     * @param witness told of each event that an exam ranks
     */
    public Base(TrainerSettings settings, EntrySource stored, ExamWitness witness) {
        this(settings, new RowStorage(stored, settings.cacheBytes()), witness);
    }

    /** @param rows with what the base's drains wrote */
    public Base(TrainerSettings settings, RowStorage rows, ExamWitness witness) {
        model = settings.model();
        stored = rows.rows();
        trainer = new Trainer(settings.ofBase(), rows, StepTimes.UNTIMED, witness);
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
     * Takes a part of the next delta of a shard.
     *
     * @throws IllegalStateException if it is not the next, or of another model
     * @throws CorruptEntryException if the delta is not what its shard sent
     */
    public void add(DeltaPart part) {
        List<DeltaPart> known = parts.computeIfAbsent(part.shard(), shard -> new ArrayList<>());
        if (!part.follows(known)) {
            throw new IllegalStateException("part " + part.part() + " of delta " + part.delta() + " of shard "
                    + part.shard() + " follows " + known.size() + " parts of "
                    + (known.isEmpty() ? "none" : "delta " + known.get(0).delta())
                    + ": the parts of a delta must come in order, each once");
        }
        known.add(part);
        if (known.size() == part.parts()) {
            parts.remove(part.shard());
            add(DeltaPart.whole(known), part.sha256());
        }
    }

    /**
     * Takes the next delta of a shard.
     *
     * @param sha256 of its encoded bytes, in hexadecimal
     * @throws IllegalStateException if it is not the next, or of another model
     */
    public void add(Delta delta, String sha256) {
        Delta.Origin origin = delta.origin();
        long before = waiting.stream()
                .map(one -> one.delta().origin())
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
        waiting.add(new Waiting(delta, sha256));
        waitingBytes += delta.examplesBytes();
    }

    /** Returns true if what has come fills a round, or if a delta of each shard has come that the last round had one of. */
    public boolean isComplete() {
        Set<Integer> shards = new HashSet<>();
        waiting.forEach(one -> shards.add(one.delta().origin().shard()));
        return trainer.isBatchReady()
                || waitingBytes >= FULL_BYTES
                || (!shards.isEmpty() && shards.containsAll(expected.keySet()));
    }

    /** Returns true if a delta has come that no round has. It is not stored: a round takes it before the next drain. */
    public boolean hasWaiting() {
        return !waiting.isEmpty();
    }

    public boolean hasOpenWork() {
        return trainer.hasOpenWork() || hasWaiting();
    }

    /** Closes the next round: it has all that has come. {@link #merge} follows. */
    public MiniBatch closeRound() {
        Merge merge = new Merge();
        if (hasWaiting()) {
            expected.clear();
        }
        waiting.stream().sorted(ORDER).forEach(merge::take);
        waiting.clear();
        waitingBytes = 0;
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
        forget(batch.step(), merge.taken.size());
        trainer.learn(batch, isExamined, merge);
        Round round = new Round(batch, handled, merge.taken);
        fresh.add(round);
        return round;
    }

    private void forget(long round, long deltas) {
        if (deltas > 0) {
            merged.put(round, deltas);
        }
        if (merged.size() > MOST_ROUNDS_LATE) {
            merged.remove(merged.firstKey());
        }
        if (merged.size() == MOST_ROUNDS_LATE) {
            oldest = Math.max(oldest, merged.firstKey());
        }
        while (removals.size() > MOST_REMOVALS) {
            oldest = Collections.min(removals.values());
            removals.values().removeIf(removed -> removed <= oldest);
        }
        removals.values().removeIf(removed -> removed < oldest);
    }

    /** Returns true if the next round refuses the delta, as nobody knows which items were removed since its shard learnt it. */
    public boolean isStale(Delta delta) {
        return delta.origin().round() < oldest;
    }

    /** Returns a delta, that is not stale, without the rows of items that were removed since its shard learnt it. */
    public Delta ofThisTime(Delta delta) {
        return delta.withChanges(delta.changes().stream()
                .filter(change -> numbers.item(change.key())
                        .map(item -> removals.getOrDefault(item, 0L)
                                <= delta.origin().round())
                        .orElse(true))
                .toList());
    }

    /** The deltas of one round. */
    private final class Merge implements Learning {

        private final List<Delta> accepted = new ArrayList<>();
        private final List<Round.Taken> taken = new ArrayList<>();
        private final IdentityHashMap<TrainingExample, float[]> vectors = new IdentityHashMap<>();

        private void take(Waiting one) {
            Delta delta = one.delta();
            Delta.Origin origin = delta.origin();
            handled.put(origin.shard(), origin.number());
            expected.put(origin.shard(), origin.number());
            delta.removedUsers().forEach(trainer::removeUser);
            for (Delta.Counted counted : delta.counted()) {
                TrainingExample example = counted.example();
                vectors.put(example, counted.vector());
                trainer.add(example);
            }
            Optional<Round.Reason> refused = refusal(delta);
            if (refused.isEmpty() && delta.steps().examples() > 0) {
                accepted.add(delta);
            }
            taken.add(
                    new Round.Taken(origin, delta.steps().first(), delta.steps().last(), one.sha256(), refused));
        }

        private Optional<Round.Reason> refusal(Delta delta) {
            if (isStale(delta)) {
                return Optional.of(Round.Reason.STALE);
            }
            return delta.isFinite() ? Optional.empty() : Optional.of(Round.Reason.NOT_FINITE);
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
                        ofThisTime(delta).changes(),
                        delta.steps().examples()));
                return rule.merged();
            });
            return StepReport.mean(
                    accepted.stream().map(delta -> delta.steps().report()).toList(), model.temperature());
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
        if (key[0] != PREFIX) {
            trainer.restore(key, value);
        } else if (key.length == 1) {
            Form.restore(value, this::fields);
        } else if (key[1] == PART) {
            DeltaPart part = DeltaPart.decoded(value);
            List<DeltaPart> known = parts.computeIfAbsent(part.shard(), shard -> new ArrayList<>());
            known.add(part);
            known.sort(Comparator.comparingInt(DeltaPart::part));
            storedParts.add(key);
        }
    }

    /** Writes what changed. The last entry is a {@link Mark}. */
    @Override
    public void drainDirty(EntrySink sink) {
        if (hasWaiting()) {
            throw new IllegalStateException(waiting.size() + " deltas are in no round: close one before a drain");
        }
        trainer.drainDirty(sink);
        drainParts(sink);
        fresh.forEach(round -> sink.put(newsKey(round.number()), round.news()));
        fresh.clear();
        sink.put(new byte[] {PREFIX}, Form.written(this::fields));
    }

    private void drainParts(EntrySink sink) {
        SortedMap<byte[], DeltaPart> now = new TreeMap<>(Arrays::compareUnsigned);
        parts.values().forEach(known -> known.forEach(part -> now.put(partKey(part), part)));
        storedParts.stream().filter(key -> !now.containsKey(key)).forEach(sink::delete);
        now.forEach((key, part) -> {
            if (!storedParts.contains(key)) {
                sink.put(key, part.encoded());
            }
        });
        storedParts.clear();
        storedParts.addAll(now.keySet());
    }

    private static byte[] partKey(DeltaPart part) {
        return ByteBuffer.allocate(2 + 2 * Integer.BYTES)
                .put(PREFIX)
                .put(PART)
                .putInt(part.shard())
                .putInt(part.part())
                .array();
    }

    private static byte[] newsKey(long round) {
        return new byte[] {PREFIX, NEWS, (byte) (round % NEWS_KEPT)};
    }

    static boolean isNews(byte[] key) {
        return key[0] == PREFIX && key.length > 1 && key[1] == NEWS;
    }

    static boolean isMark(byte[] key) {
        return key[0] == PREFIX && key.length == 1;
    }

    /** Returns the mark of the base's last drain. */
    public static Mark lastMark(EntrySource stored) {
        return stored.get(new byte[] {PREFIX}).map(Base::mark).orElse(Mark.NONE);
    }

    static Mark mark(byte[] value) {
        return Form.read(value, form -> mark(form, Mark.NONE));
    }

    private static Mark mark(Form form, Mark now) {
        return new Mark(
                form.longInteger(now.round()),
                form.text(now.digest()),
                form.flag(now.isWithheld()),
                numbers(form, now.handled(), (shard, read) -> read.integer(shard), 0));
    }

    private void fields(Form form) {
        Mark now = new Mark(
                trainer.step(),
                trainer.digest().map(StepDigest::digest).orElse(""),
                trainer.withheld().isPresent(),
                handled);
        handled = new TreeMap<>(mark(form, now).handled());
        expected = numbers(form, expected, (shard, read) -> read.integer(shard), 0);
        removals = numbers(form, removals, (item, read) -> read.text(item), "");
        merged = numbers(form, merged, (round, read) -> read.longInteger(round), 0L);
        oldest = form.longInteger(oldest);
    }

    /** Numbers by what they are of, as fields. */
    static <T extends Comparable<T>> SortedMap<T, Long> numbers(
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
