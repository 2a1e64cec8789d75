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
import dev.millrace.state.CounterRandom;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.EntryKind;
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
import java.util.TreeMap;

/**
 * The learner of one shard: it learns the examples of its users on a replica of the base's model, and says in {@link Delta}s what it changed.
 * One thread, which may share a step.
 *
 * <p>Examples fill the open batch; {@link #closeBatch} and {@link #learn} make a step; {@link #cut} ends a delta; {@link #follow} comes to a
 * later round of the base. A shard's model is that of the round plus its own deltas that the round has not handled, bit for bit, however
 * rounds and cuts fall.
 */
public final class ShardLearner implements AutoCloseable {

    private static final Comparator<byte[]> BY_KEY = Arrays::compareUnsigned;

    private final int shard;
    private final long learnFrom;
    private final long seed;
    private final long removalMemoryMillis;
    private final Catalogue catalogue = new Catalogue(EntryKind.CATALOGUE.prefix());
    private final Batcher batcher;
    private final StepEngine engine;
    private final OrderedEntries own;
    private final ReplicaEntries entries;
    private final TwoTower model;
    private final SharedNumbers numbers;
    /** Deltas that no round has handled, without the rows of items that were removed since. */
    private final Deque<Delta> unmerged = new ArrayDeque<>();

    private long round;
    private long batchesOfRound;
    private long deltas;
    private long eventTime; // of the rounds
    private long refusedSteps;
    private long learnt;
    private Open open = new Open();

    /** What the next delta is of. */
    private static final class Open {
        private long first;
        private long last;
        private long examples;
        private long latestTime;
        private final List<StepReport> reports = new ArrayList<>();
        private final List<Delta.Counted> counted = new ArrayList<>();
        private final List<String> removedUsers = new ArrayList<>();

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
     * Begins on a round of the base.
     *
     * @param own the rows of the shard's users
     * @param base the base's entries as of that round; the caller changes them only between two steps, and calls {@link #follow} then
     * @param times told of the end of each phase of a step
     */
    public ShardLearner(
            TrainerSettings settings, int shard, OrderedEntries own, EntrySource base, long round, StepTimes times) {
        this.shard = shard;
        this.learnFrom = settings.learnFrom();
        this.seed = settings.batch().seed();
        this.removalMemoryMillis = settings.batch().removalMemory().toMillis();
        this.round = round;
        this.own = own;
        batcher =
                new Batcher(settings.batch(), catalogue, EntryKind.OPEN_BATCH.prefix(), EntryKind.POPULARITY.prefix());
        engine = settings.stepEngine();
        entries = new ReplicaEntries(own, SharedNumbers.ownRows(settings.model()), base);
        model = new TwoTower(
                settings.model(),
                catalogue,
                engine,
                new RowStorage(entries, settings.cacheBytes()),
                times,
                settings.mixture());
        numbers = new SharedNumbers(model);
        base.scanBut(new byte[0], EntryKind.readLater(), this::begin);
        model.begin(Long.MAX_VALUE);
    }

    private void begin(byte[] key, byte[] value) {
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

    /** Ends the threads that share the steps. */
    @Override
    public void close() {
        engine.close();
    }

    /** Adds an example of one of the shard's users to the open batch. One of a removed item is left out. */
    public void add(TrainingExample example) {
        if (!batcher.isRemoved(example.item())) {
            batcher.add(example);
        }
    }

    /** Removes a user: the examples in the open batch now, the rows when the batch is learnt. */
    public void removeUser(String user) {
        batcher.removeUser(user);
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

    /** Returns the number of examples learnt. */
    public long learnt() {
        return learnt;
    }

    public long refusedSteps() {
        return refusedSteps;
    }

    /**
     * Closes the open batch. The j-th batch after a round has the same seed in every shard: shards that draw the same negatives change fewer
     * rows together.
     */
    public MiniBatch closeBatch() {
        return batcher.closeOnReplica(CounterRandom.bits(seed, round + 1, batchesOfRound++));
    }

    /** Learns the batch that was closed last. */
    public void learn(MiniBatch batch) {
        open.step(batch);
        batch.removedUsers().forEach(model::removeUser);
        if (batch.examples().isEmpty()) {
            return;
        }
        List<TrainingExample> counted = batch.counted();
        float[] vectors = new float[counted.size() * model.dim()];
        Learning.BY_THE_MODEL.userVectors(counted, Map.of(), model, vectors);
        for (int at = 0; at < counted.size(); at++) {
            float[] vector = Arrays.copyOfRange(vectors, at * model.dim(), (at + 1) * model.dim());
            open.counted.add(Delta.Counted.of(counted.get(at), vector));
        }
        if (batch.latestTime() < learnFrom) {
            batcher.forget(batch);
            return;
        }
        try {
            open.reports.add(model.learn(batch));
            open.examples += batch.examples().size();
            open.latestTime = Math.max(open.latestTime, batch.latestTime());
            learnt += batch.examples().size();
        } catch (RefusedStepException refused) {
            refusedSteps++;
            batcher.forget(batch);
        }
    }

    /**
     * Ends the delta of the steps since the last cut; absent if there were none. Afterwards the shared numbers of this shard are what adding the
     * delta gives, so that the base can have the same ones.
     */
    public Optional<Delta> cut() {
        if (!hasDelta()) {
            return Optional.empty();
        }
        Open ended = open;
        open = new Open();
        Map<byte[], byte[]> shared = drain();
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

    /** Stores the rows of users that changed. Returns the shared entries that changed. */
    private Map<byte[], byte[]> drain() {
        Map<byte[], byte[]> shared = new TreeMap<>(BY_KEY);
        model.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                if (entries.isOwn(key)) {
                    own.put(key, value);
                } else if (numbers.kind(key).isPresent()) {
                    shared.put(key, value);
                }
            }

            @Override
            public void delete(byte[] key) {
                own.delete(key);
            }
        });
        return shared;
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
        batcher.followRound(next.batch());
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
