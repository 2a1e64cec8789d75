package dev.millrace.merge;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batcher;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.exam.Learning;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.RefusedStepException;
import dev.millrace.model.RowStorage;
import dev.millrace.model.SharedNumbers;
import dev.millrace.model.SharedNumbers.Change;
import dev.millrace.model.StepReport;
import dev.millrace.model.StepTimes;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.state.Books;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.EntrySum;
import dev.millrace.state.Form;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepOutcome;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * The learner of one shard: it learns the examples of its users on a replica of the base's model, and says in {@link Delta}s what it changed.
 * One thread, which may share a step.
 *
 * <p>Examples fill the open batch; {@link #closeBatch} and {@link #learn} make a step; {@link #cut} ends a delta; {@link #follow} comes to a
 * later round of the base. A shard's model is that of the round plus its own deltas that the round has not handled, bit for bit, however
 * rounds and cuts fall.
 *
 * <p>Its entries are the rows of its users, the open batch, its books and its counters; nothing of the base. A shard that restores them begins
 * on a round that has handled its last delta, as a shard that has come to that round goes on.
 */
public final class ShardLearner implements Durable, AutoCloseable {

    /** Deltas that no round has handled, from which on a shard waits: the base is away, or behind. */
    public static final int MOST_UNMERGED = 16;

    private static final Comparator<byte[]> BY_KEY = Arrays::compareUnsigned;
    private static final byte PREFIX = 'L';

    /** Rows that a start reads for their check; they take about a second. */
    private static final long CHECKED_AT_ONCE = 500_000;

    private final int shard;
    private final long learnFrom;
    private final long seed;
    private final long removalMemoryMillis;
    private final Catalogue catalogue = new Catalogue(EntryKind.CATALOGUE.prefix());
    private final Books books = new Books(EntryKind.BOOKS.prefix());
    private final Batcher batcher;
    private final StepEngine engine;
    private final ReplicaEntries entries;
    private final TwoTower model;
    private final SharedNumbers numbers;
    /** Deltas that no round has handled, without the rows of items that were removed since. */
    private final Deque<Delta> unmerged = new ArrayDeque<>();
    /** Rows of users that the last cut changed, until the drain that follows; absent for those that are gone. */
    private final SortedMap<byte[], Optional<byte[]>> ownChanges = new TreeMap<>(BY_KEY);

    private long round;
    private long batchesOfRound;
    private long deltas;
    private long eventTime; // of the rounds
    private long refusedSteps;
    private long learnt;
    private boolean isRestored;
    private boolean isOwing;
    private Open open = new Open();

    /** What the next delta is of. */
    private static final class Open {
        private long first;
        private long last;
        private long examples;
        private long latestTime;
        private long bytes; // of the counted examples
        private final List<StepReport> reports = new ArrayList<>();
        private final List<Delta.Counted> counted = new ArrayList<>();
        private final List<String> removedUsers = new ArrayList<>();

        private void add(Delta.Counted example) {
            counted.add(example);
            bytes += example.largestBytes();
        }

        private void step(MiniBatch batch) {
            first = first == 0 ? batch.step() : first;
            last = batch.step();
            for (String user : batch.removedUsers()) {
                String digest = Delta.digest(user);
                counted.removeIf(example -> example.user().equals(digest));
                removedUsers.add(digest);
            }
        }
    }

    /**
     * Begins on a round of the base. {@link #restore} may follow; {@link #begin} must.
     *
     * @param own what the shard's drains wrote; the rows of its users are read from it when they are needed
     * @param base the base's entries as of that round; the caller changes them only between two steps, and calls {@link #follow} then
     * @param times told of the end of each phase of a step
     */
    public ShardLearner(
            TrainerSettings settings, int shard, EntrySource own, EntrySource base, long round, StepTimes times) {
        this(settings, shard, new RowStorage(own, settings.cacheBytes()), base, round, times);
    }

    /** @param own with what the shard's drains wrote */
    public ShardLearner(
            TrainerSettings settings, int shard, RowStorage own, EntrySource base, long round, StepTimes times) {
        this.shard = shard;
        this.learnFrom = settings.learnFrom();
        this.seed = settings.batch().seed();
        this.removalMemoryMillis = settings.batch().removalMemory().toMillis();
        this.round = round;
        batcher =
                new Batcher(settings.batch(), catalogue, EntryKind.OPEN_BATCH.prefix(), EntryKind.POPULARITY.prefix());
        engine = settings.stepEngine();
        entries = new ReplicaEntries(own.rows(), SharedNumbers.ownRows(settings.model()), base);
        model = new TwoTower(
                settings.model(),
                catalogue,
                engine,
                new RowStorage(entries, own.cacheBytes()),
                times,
                settings.mixture());
        numbers = new SharedNumbers(model);
        base.scanBut(new byte[0], EntryKind.readLater(), this::takeOver);
    }

    private void takeOver(byte[] key, byte[] value) {
        EntryKind.of(key).ifPresent(kind -> {
            switch (kind) {
                case MODEL -> {
                    if (ModelEntry.Kind.HEADER.isOf(key)) {
                        model.restore(key, value);
                    } else {
                        numbers.follow(key, Optional.of(value));
                    }
                }
                case CATALOGUE -> catalogue.restore(key, value);
                case POPULARITY -> batcher.restore(key, value);
                case FAST_POPULARITY,
                        NEIGHBOURS,
                        ERASED_NEIGHBOURS,
                        OPEN_BATCH,
                        BOOKS,
                        EXAM,
                        BASELINE,
                        ALARMS,
                        PUBLICATION,
                        PROGRESS -> {} // the base's own
            }
        });
    }

    /** Returns what the keys begin with, ascending, of the entries that a shard reads when it needs them. They are not restored. */
    public static List<byte[]> readLater() {
        return List.of(ModelEntry.Kind.ROW.key());
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        isRestored = true;
        if (key[0] == PREFIX) {
            restore(numbers(value));
            return;
        }
        EntryKind kind = EntryKind.of(key)
                .orElseThrow(() -> new CorruptEntryException("an entry of a shard is of unknown kind " + key[0]));
        switch (kind) {
            case MODEL -> model.restore(key, value);
            case OPEN_BATCH -> batcher.restore(key, value);
            case BOOKS -> books.restore(key, value);
            default -> throw new CorruptEntryException("a shard has no entry of " + EntryKind.words(key));
        }
    }

    /**
     * Begins, when all is restored.
     *
     * @throws CorruptEntryException if the rows of users are not those of the last drain
     */
    public void begin() {
        begin(CHECKED_AT_ONCE);
    }

    /**
     * As {@link #begin()}, behind a round that has not handled all deltas that were cut before.
     *
     * @param unhandled those, in their order, without the rows of items that were removed since
     */
    public void begin(List<Delta> unhandled) {
        begin();
        unmerged.addAll(unhandled);
        overlay(new TreeSet<>(BY_KEY));
    }

    /** As {@link #begin()}, but reads and checks each row, however many there are. */
    public void requireEachRow() {
        begin(Long.MAX_VALUE);
    }

    private void begin(long checked) {
        EntrySum written = model.rowSum();
        model.begin(isRestored ? checked : Long.MAX_VALUE);
        if (isRestored && !model.rowSum().equals(written)) {
            throw new CorruptEntryException(
                    "shard " + shard + " has " + model.rowSum().count() + " rows of users, which are not the "
                            + written.count() + " that its last commit wrote");
        }
    }

    /** Returns the number of the last delta that was cut, as a drain wrote it; 0 if there is none. */
    public static long lastDelta(EntrySource own) {
        return stored(own).deltas();
    }

    /**
     * Returns why rows of a shard's users cannot change their shard yet; absent if they can.
     *
     * @param own what the shard's drains wrote
     * @param handled number of its last delta that the base has handled
     */
    public static Optional<String> unsettled(EntrySource own, long handled) {
        Numbers numbers = stored(own);
        if (numbers.deltas() > handled) {
            return Optional.of("delta " + numbers.deltas() + " is in no round");
        }
        if (numbers.isOwing()) {
            return Optional.of("rows are to be published that were withheld");
        }
        Books books = new Books(EntryKind.BOOKS.prefix());
        byte[] prefix = {(byte) EntryKind.BOOKS.prefix()};
        own.scan(prefix, EntrySource.behind(prefix), (key, value) -> {
            books.restore(key, value);
            return true;
        });
        long waiting = Books.Account.of(InputTopic.EXAMPLES, books.accounts()).waiting();
        return waiting > 0 ? Optional.of(waiting + " examples wait in its open batch") : Optional.empty();
    }

    /** What is stored of the learner itself. */
    private record Numbers(
            long deltas, long round, long batchesOfRound, long learnt, long refusedSteps, boolean isOwing) {

        private static final Numbers NONE = new Numbers(0, 0, 0, 0, 0, false);

        private Numbers fields(Form form) {
            return new Numbers(
                    form.longInteger(deltas),
                    form.longInteger(round),
                    form.longInteger(batchesOfRound),
                    form.longInteger(learnt),
                    form.longInteger(refusedSteps),
                    form.flag(isOwing));
        }
    }

    private static Numbers stored(EntrySource own) {
        return own.get(new byte[] {PREFIX}).map(ShardLearner::numbers).orElse(Numbers.NONE);
    }

    private static Numbers numbers(byte[] value) {
        return Form.read(value, Numbers.NONE::fields);
    }

    private void restore(Numbers stored) {
        deltas = stored.deltas();
        batchesOfRound = stored.round() == round ? stored.batchesOfRound() : 0; // it may begin on a later one
        learnt = stored.learnt();
        refusedSteps = stored.refusedSteps();
        isOwing = stored.isOwing();
    }

    /** Ends the threads that share the steps. */
    @Override
    public void close() {
        engine.close();
    }

    /** Adds an example of one of the shard's users to the open batch. One of a removed item is only counted. */
    public void add(TrainingExample example) {
        if (batcher.isRemoved(example.item())) {
            books.settle(InputTopic.EXAMPLES, Outcome.REMOVED_ITEM);
            return;
        }
        books.await(InputTopic.EXAMPLES);
        batcher.add(example);
    }

    /** Removes a user: the examples in the open batch now, the rows when the batch is learnt. */
    public void removeUser(String user) {
        books.await(InputTopic.EXAMPLES);
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.ERASED, batcher.removeUser(user));
    }

    public boolean isBatchReady() {
        return batcher.isFull(false);
    }

    public boolean hasOpenWork() {
        return !batcher.isEmpty();
    }

    /** Returns true if the next {@link #cut} gives a delta. */
    public boolean hasDelta() {
        return open.last > 0;
    }

    /** Returns the number of deltas that no round has handled. */
    public int unmerged() {
        return unmerged.size();
    }

    /** Returns the number of the delta that was cut last. */
    public long lastDelta() {
        return deltas;
    }

    /** Returns the round that it learns on. */
    public long round() {
        return round;
    }

    /** Returns true if the open delta has as many examples as a round may: it is to be cut before the next batch. */
    public boolean isDeltaFull() {
        return open.bytes >= Base.FULL_BYTES;
    }

    /** Says that rows of users were not published, or that all are. */
    public void owe(boolean isOwed) {
        isOwing = isOwed;
    }

    /** Returns whether rows of users are to be published that were not. */
    public boolean owes() {
        return isOwing;
    }

    /**
     * Visits some stored rows of users.
     *
     * @param from any key; rows before it are left out
     * @return the key to go on from; absent if there are no more
     */
    public Optional<byte[]> rowsOfUsers(byte[] from, int most, BiConsumer<byte[], byte[]> visitor) {
        int[] left = {most};
        List<byte[]> next = new ArrayList<>();
        for (byte[] prefix : entries.ownPrefixes()) {
            byte[] first = BY_KEY.compare(from, prefix) < 0 ? prefix : from;
            byte[] end = EntrySource.behind(prefix);
            if (next.isEmpty() && BY_KEY.compare(first, end) < 0) {
                entries.scan(first, end, (key, value) -> {
                    if (left[0]-- == 0) {
                        next.add(key);
                        return false;
                    }
                    visitor.accept(key, value);
                    return true;
                });
            }
        }
        return next.stream().findFirst();
    }

    /** Returns true if an entry of a drain is the row of a user. */
    public boolean isRowOfUser(byte[] key) {
        return entries.isOwn(key);
    }

    public Books books() {
        return books;
    }

    /** Returns the lineage of the weights. */
    public String generation() {
        return model.generation();
    }

    /** Returns the number of examples learnt. */
    public long learnt() {
        return learnt;
    }

    public long refusedSteps() {
        return refusedSteps;
    }

    /**
     * Closes the open batch. The j-th batch after a round has the same seed in every shard: shards that draw the same negatives change fewer
     * rows.
     */
    public MiniBatch closeBatch() {
        int positives = batcher.openPositives();
        int userRemovals = batcher.openUserRemovals();
        MiniBatch batch = batcher.closeOnReplica(CounterRandom.bits(seed, round + 1, batchesOfRound++));
        books.settleWaiting(
                InputTopic.EXAMPLES,
                Outcome.CAPPED,
                positives - batch.examples().size());
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.USER_REMOVAL, userRemovals);
        return batch;
    }

    /** Learns the batch that was closed last. Rows of users that a {@link #cut} took are read from the store: a drain must be between the two. */
    public StepOutcome learn(MiniBatch batch) {
        if (!ownChanges.isEmpty()) {
            throw new IllegalStateException("shard " + shard + " has " + ownChanges.size()
                    + " entries beside its last delta that are not stored: drain before a step");
        }
        open.step(batch);
        batch.removedUsers().forEach(model::removeUser);
        if (batch.examples().isEmpty()) {
            return settled(batch, Outcome.WITHOUT_POSITIVES, "");
        }
        List<TrainingExample> counted = batch.counted();
        float[] vectors = new float[counted.size() * model.dim()];
        Learning.BY_THE_MODEL.userVectors(counted, Map.of(), model, vectors);
        for (int at = 0; at < counted.size(); at++) {
            float[] vector = Arrays.copyOfRange(vectors, at * model.dim(), (at + 1) * model.dim());
            open.add(Delta.Counted.of(counted.get(at), vector));
        }
        if (batch.latestTime() < learnFrom) {
            batcher.forget(batch);
            return settled(batch, Outcome.BEFORE_START, "");
        }
        try {
            StepReport report = model.learn(batch);
            open.reports.add(report);
            open.examples += batch.examples().size();
            open.latestTime = Math.max(open.latestTime, batch.latestTime());
            learnt += batch.examples().size();
            StepOutcome unused = settled(batch, Outcome.LEARNT, "");
            return new StepOutcome(Outcome.LEARNT, Optional.of(report), Optional.empty());
        } catch (RefusedStepException refused) {
            refusedSteps++;
            batcher.forget(batch);
            StepOutcome unused =
                    settled(batch, Outcome.REFUSED, refused.reason().text());
            return new StepOutcome(
                    Outcome.REFUSED, Optional.empty(), Optional.of(String.valueOf(refused.getMessage())));
        }
    }

    private StepOutcome settled(MiniBatch batch, Outcome outcome, String reason) {
        int count = batch.examples().size() + batch.exposed().size();
        books.settleWaiting(InputTopic.EXAMPLES, outcome, reason, count);
        return new StepOutcome(outcome, Optional.empty(), Optional.empty());
    }

    /**
     * Ends the delta of the steps since the last cut; absent if there were none. Afterwards the shared numbers of this shard are what adding the
     * delta gives, so that the base can have the same ones. A {@link #drainDirty} follows, as the model now counts on what is stored.
     */
    public Optional<Delta> cut() {
        if (!hasDelta()) {
            return Optional.empty();
        }
        Open ended = open;
        open = new Open();
        Map<byte[], byte[]> shared = drainModel();
        List<Change> changes = ended.examples == 0 ? List.of() : changes(shared);
        Delta delta = new Delta(
                new Delta.Origin(model.generation(), shard, ++deltas, round),
                new Delta.Steps(
                        ended.first,
                        ended.last,
                        ended.examples,
                        ended.latestTime,
                        StepReport.mean(ended.reports, model.temperature())),
                changes,
                ended.counted,
                ended.removedUsers);
        unmerged.add(delta);
        return Optional.of(delta);
    }

    /** Keeps what changed of the tables of users, and returns the shared entries that changed. */
    private Map<byte[], byte[]> drainModel() {
        Map<byte[], byte[]> shared = new TreeMap<>(BY_KEY);
        model.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                if (entries.isOwn(key) || numbers.isBesideOwnRows(key)) {
                    ownChanges.put(key, Optional.of(value));
                } else if (numbers.kind(key).isPresent()) {
                    shared.put(key, value);
                }
            }

            @Override
            public void delete(byte[] key) {
                ownChanges.put(key, Optional.empty());
            }
        });
        return shared;
    }

    /** Writes what changed since the last one. Every step must be in a delta: {@link #cut} comes before. */
    @Override
    public void drainDirty(EntrySink sink) {
        if (hasDelta()) {
            throw new IllegalStateException("shard " + shard + " has steps that no delta has: cut before a drain");
        }
        ownChanges.forEach((key, value) -> value.ifPresentOrElse(now -> sink.put(key, now), () -> sink.delete(key)));
        ownChanges.clear();
        batcher.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                if (key[0] == EntryKind.OPEN_BATCH.prefix()) { // popularity and memory are the base's
                    sink.put(key, value);
                }
            }

            @Override
            public void delete(byte[] key) {
                if (key[0] == EntryKind.OPEN_BATCH.prefix()) {
                    sink.delete(key);
                }
            }
        });
        books.drainDirty(sink);
        Numbers now = new Numbers(deltas, round, batchesOfRound, learnt, refusedSteps, isOwing);
        sink.put(new byte[] {PREFIX}, Form.written(now::fields));
    }

    /** Returns the changes, rows behind all else and in the order in which they were touched. */
    private List<Change> changes(Map<byte[], byte[]> shared) {
        Map<byte[], Long> moments = new TreeMap<>(BY_KEY);
        List<Change> changes = new ArrayList<>(shared.size());
        shared.forEach((key, value) -> {
            double[] before = before(key);
            double[] now = numbers.read(key, value);
            double[] difference = numbers.difference(key, now, before);
            settle(key, before, difference, Optional.of(now));
            boolean isRow = numbers.kind(key).equals(Optional.of(SharedNumbers.Kind.ROW));
            moments.put(key, isRow ? numbers.moment(key, value) : -1);
            changes.add(new Change(key, difference));
        });
        changes.sort(Comparator.comparingLong((Change change) -> moments.getOrDefault(change.key(), -1L))
                .thenComparing(Change::key, BY_KEY));
        return changes;
    }

    private double[] before(byte[] key) {
        return entries.get(key).map(value -> numbers.read(key, value)).orElseGet(() -> numbers.initial(key));
    }

    /**
     * Makes an entry what adding a difference gives.
     *
     * @param now of the model; absent if the caller tells it later
     */
    private void settle(byte[] key, double[] before, double[] difference, Optional<double[]> now) {
        double[] settled = numbers.plus(key, before, difference);
        byte[] value = numbers.value(key, settled);
        entries.put(key, value);
        if (now.isPresent() && !Arrays.equals(settled, now.get())) {
            numbers.follow(key, Optional.of(value));
        }
    }

    /**
     * Comes to the next rounds of the base. There must be no step since the last {@link #cut}.
     *
     * @param rounds in order, each once, none left out
     * @param changed keys of the base's entries that they changed; those are as of the last of the rounds already
     */
    public void follow(List<Round> rounds, Collection<byte[]> changed) {
        if (hasDelta()) {
            throw new IllegalStateException("shard " + shard + " has steps that no delta has: cut before a round");
        }
        rounds.forEach(this::follow);
        Set<byte[]> stale = entries.clear();
        stale.addAll(changed);
        overlay(stale);
    }

    /**
     * Puts what the unmerged deltas make of the base's entries over them.
     *
     * @param stale keys that the model must read again, beside those of the deltas
     */
    private void overlay(Set<byte[]> stale) {
        for (Delta delta : unmerged) {
            delta.changes()
                    .forEach(change -> settle(change.key(), before(change.key()), change.numbers(), Optional.empty()));
            delta.changes().forEach(change -> stale.add(change.key()));
        }
        for (byte[] key : stale) {
            if (EntryKind.of(key).equals(Optional.of(EntryKind.MODEL)) && !entries.isOwn(key)) {
                boolean isRow = ModelEntry.Kind.ROW.isOf(key); // it is read when it is needed
                numbers.follow(key, isRow ? Optional.empty() : entries.get(key));
            }
        }
    }

    private void follow(Round next) {
        if (next.number() != round + 1) {
            throw new IllegalStateException("shard " + shard + " is at round " + round + ", round " + next.number()
                    + " follows: it must follow each of them");
        }
        round = next.number();
        batchesOfRound = 0;
        books.settleWaiting(InputTopic.EXAMPLES, Outcome.REMOVED_ITEM, batcher.followRound(next.batch()));
        eventTime = Math.max(eventTime, next.batch().latestTime());
        catalogue.forgetRemovedBefore(eventTime - removalMemoryMillis);
        long handled = next.handled().getOrDefault(shard, 0L);
        unmerged.removeIf(delta -> delta.origin().number() <= handled);
        Set<String> removed = CatalogueChange.removed(next.batch().catalogue());
        if (!removed.isEmpty()) {
            List<Delta> left =
                    unmerged.stream().map(delta -> without(removed, delta)).toList();
            unmerged.clear();
            unmerged.addAll(left);
        }
    }

    /** Returns a delta without the rows of items, as the base merges it. */
    private Delta without(Set<String> items, Delta delta) {
        return delta.withChanges(delta.changes().stream()
                .filter(change ->
                        numbers.item(change.key()).filter(items::contains).isEmpty())
                .toList());
    }
}
