package dev.millrace.verify;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.exam.ExamWitness;
import dev.millrace.merge.Base;
import dev.millrace.merge.Delta;
import dev.millrace.merge.DeltaPart;
import dev.millrace.merge.Replica;
import dev.millrace.merge.Round;
import dev.millrace.merge.ShardLearner;
import dev.millrace.model.StepTimes;
import dev.millrace.model.UserRows;
import dev.millrace.state.EntrySink;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Utf8;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.KeyPartition;
import dev.millrace.train.EntryKind;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.ModelRound;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The learners of shards and their base, which learn the log again: mini-batches of each shard, and rounds.
 *
 * <p>Shards need nothing of each other between two rounds, so each learns on a thread; how many there are changes no bit. All entries are on
 * disk. One thread calls.
 */
public final class ShardReplay implements AutoCloseable {

    private static final long LONG_AFTER = Long.MAX_VALUE / 2; // all announced items of a round have come

    /** Rounds after which a shard without examples follows: what they changed is on the heap until then. */
    private static final int MOST_BEHIND = 32;

    /** Rounds with deltas after which a delta is not waited for: its shard has no examples, or is away. */
    private static final int LONGEST_WAY = 64;

    /** The log of shards. */
    public interface Batches {
        /** Returns the mini-batches of a shard from a step on. It is asked for once, and read by one thread. */
        Iterator<MiniBatch> from(int shard, long step);
    }

    private final TrainerSettings settings;
    private final Batches batches;
    private final OrderedEntries stored;
    private final ScratchEntries replicated = ScratchEntries.create();
    private final Replica replica = new Replica(replicated);
    private final Base base;
    private final SortedMap<Integer, Shard> shards = new TreeMap<>();
    private final ReplayedShards begun;
    private final long firstRound;
    /** Steps of a learner that was alone before. */
    private final long alone;

    private int count; // of shards; 0 before the first round
    private long lastRound; // of those that it was told of
    private int lastCount; // of shards in that
    /** The last of those with deltas. */
    private final Deque<Long> withDeltas = new ArrayDeque<>();

    private final ExecutorService threads;

    /**
     * Begins before the first round.
     *
     * @param stored empty, or what a learner that was alone wrote; the base's entries are written to it
     * @param count number of shards that take over the users of a learner that was alone
     */
    public ShardReplay(TrainerSettings settings, OrderedEntries stored, Batches batches, int count) {
        this(
                settings,
                stored,
                new ReplayedShards(),
                batches,
                count,
                Runtime.getRuntime().availableProcessors());
    }

    /**
     * Begins before the first round, or where a checkpoint was made.
     *
     * @param begun what the checkpoint has of the shards; it is closed with this
     */
    ShardReplay(
            TrainerSettings settings,
            OrderedEntries stored,
            ReplayedShards begun,
            Batches batches,
            int count,
            int threads) {
        this.settings = settings;
        this.stored = stored;
        this.begun = begun;
        this.batches = batches;
        this.threads = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "shard-replay");
            thread.setDaemon(true);
            return thread;
        });
        base = new Base(settings, stored, ExamWitness.NONE);
        stored.scanBut(new byte[0], EntryKind.readLater(), base::restore);
        firstRound = base.trainer().step();
        this.count = begun.count();
        alone = this.count == 0 ? firstRound : 0;
        if (firstRound > 0) {
            base.trainer().requireWhole();
        }
        if (alone > 0) {
            UserRows rows = usersOf(count);
            base.handOverUsers((user, key, value) -> rows.give(key, value));
            long unused = rows.finish();
        }
        stored.scan(new byte[0], (key, value) -> {
            replica.take(key, Optional.of(value));
            return true;
        });
        drain();
        replica.caughtUp();
        begun.nextSteps().keySet().forEach(this::shard);
    }

    /** Returns the base's learner as of the last round, to be read. */
    public Trainer trainer() {
        return base.trainer();
    }

    /** Visits the rows of users of all shards, each as of its last delta. */
    public void rowsOfUsers(BiConsumer<byte[], byte[]> visitor) {
        shards.values().forEach(shard -> shard.learner.rowsOfUsers(new byte[0], Integer.MAX_VALUE, visitor));
    }

    /**
     * Tells of a round that will be learnt. All are told of before the first is learnt, in their order: a delta may be older than its round.
     *
     * @return why the replay cannot go on from the checkpoint that it began at; absent if it can
     */
    public Optional<String> expect(ModelRound round) {
        lastRound = round.batch().step();
        lastCount = round.shards();
        if (!round.deltas().isEmpty()) {
            withDeltas.add(lastRound);
        }
        if (withDeltas.size() > LONGEST_WAY) {
            withDeltas.removeFirst();
        }
        List<Round.Taken> gone = round.deltas().stream()
                .filter(delta -> !shard(delta.origin().shard()).expect(Work.of(delta)))
                .toList();
        return gone.stream()
                .map(delta -> "round " + lastRound + " takes "
                        + Work.of(delta).words(delta.origin().shard()) + ", before the checkpoint of round "
                        + firstRound)
                .findFirst();
    }

    /**
     * Returns the last round, of those told of, at which {@link #keep} has all that a later replay needs. Which deltas were under way after it,
     * rounds to come tell.
     */
    public long lastWhole() {
        long whole = lastRound;
        long least = withDeltas.size() < LONGEST_WAY ? 0 : withDeltas.getFirst();
        for (int shard = 0; shard < lastCount; shard++) {
            long toldTo = shards.containsKey(shard) ? shard(shard).toldTo : 0;
            whole = Math.min(whole, Math.max(toldTo, least));
        }
        return whole;
    }

    /** Returns whether a replay can go on from here: what the base has forgotten of a stale delta, the shard would have to forget too. */
    public boolean canBeKept() {
        return shards.values().stream()
                .flatMap(shard -> shard.made.stream())
                .noneMatch(made -> base.isStale(made.delta()));
    }

    /** Writes all that a replay needs to go on from here. */
    public void keep(EntrySink to) {
        stored.scan(new byte[0], (key, value) -> {
            to.put(key, value);
            return true;
        });
        ReplayedShards.writeCount(count, to);
        IntStream.range(0, count).forEach(this::shard); // one without examples has users, if a learner was alone before
        shards.values().forEach(shard -> shard.keep(to));
    }

    private Shard shard(int number) {
        return shards.computeIfAbsent(number, Shard::new);
    }

    /**
     * Learns the deltas of a round, and merges them.
     *
     * @param place of the round in the log, in words
     * @throws BrokenLogException if it is not what the log makes: it says which delta or round is the first that differs
     */
    public void learn(ModelRound round, String place) {
        String words = "round " + round.batch().step() + " (" + place + ")";
        require(
                round.generation().equals(trainer().generation()),
                () -> words + " is of generation " + round.generation() + ", must be of "
                        + trainer().generation());
        if (count > 0 && count != round.shards()) {
            rescale(round.shards(), words);
        }
        count = round.shards();
        learnOnThisRound();
        for (Round.Taken delta : round.deltas()) {
            base.add(shard(delta.origin().shard()).made(delta, words), delta.sha256());
        }
        base.reach(round.batch().clock() == 0 ? LONG_AFTER : round.batch().clock());
        round.batch().catalogue().stream().filter(CatalogueChange::isAnnounced).forEach(base::change);
        MiniBatch batch = base.closeRound();
        require(
                contents(batch).equals(contents(round.batch())),
                () -> words + " has another batch than its deltas and the changes of the catalogue make");
        Round merged = base.merge(batch, false);
        require(
                merged.deltas().equals(round.deltas()),
                () -> words + " has deltas " + round.deltas() + ", replayed " + merged.deltas());
        drain();
        String digest = trainer().digest().map(StepDigest::digest).orElseThrow();
        require(
                round.digest().isEmpty() || round.digest().equals(digest),
                () -> "digest of " + words + ": published " + round.digest() + ", replayed " + digest);
    }

    /** Moves rows of users, as between the last round and this one. All shards begin anew, as then. */
    private void rescale(int next, String words) {
        shards.values().forEach(shard -> shard.stop(words));
        UserRows rows = usersOf(next);
        rows.move(Math.max(count, 1 + (shards.isEmpty() ? 0 : shards.lastKey())));
        long unused = rows.finish();
        shards.values().forEach(Shard::start);
    }

    private UserRows usersOf(int shards) {
        return new UserRows(settings.model(), user -> KeyPartition.of(Utf8.bytes(user), shards), begun::own);
    }

    private static void require(boolean isSo, Supplier<String> difference) {
        if (!isSo) {
            throw new BrokenLogException(difference.get());
        }
    }

    /** Lets each shard learn what it learnt on the round that the base has come to. Of several that fail, the first shard's fault counts. */
    private void learnOnThisRound() {
        List<Future<?>> learning = new ArrayList<>();
        shards.values().stream()
                .filter(Shard::isDue)
                .forEach(shard -> learning.add(threads.submit(shard::learnOnThisRound)));
        List<RuntimeException> failed = new ArrayList<>();
        for (Future<?> one : learning) {
            try {
                one.get();
            } catch (ExecutionException failure) {
                failed.add(
                        failure.getCause() instanceof RuntimeException told
                                ? told
                                : new IllegalStateException(failure.getCause()));
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while shards learn", interrupted);
            }
        }
        if (!failed.isEmpty()) {
            throw failed.get(0);
        }
    }

    private void drain() {
        base.trainer().publish();
        base.drainDirty(replica.beside(stored));
    }

    /** What two batches must have in common; a live clock may be ahead of the replayed one. */
    private static List<Object> contents(MiniBatch batch) {
        return List.of(
                batch.step(),
                batch.seed(),
                batch.catalogue(),
                batch.examples(),
                FloatBuffer.wrap(batch.logProbability()),
                batch.negatives(),
                FloatBuffer.wrap(batch.negativeLogProbability()),
                batch.catalogueSize(),
                batch.removedUsers(),
                batch.exposed(),
                batch.rehearsed());
    }

    /** A delta that a shard will make. */
    private record Work(long number, long round, long firstStep, long lastStep) {
        private static Work of(Round.Taken delta) {
            return new Work(delta.origin().number(), delta.origin().round(), delta.firstStep(), delta.lastStep());
        }

        private String words(int shard) {
            return "delta " + number + " of shard " + shard + ", of steps " + firstStep + " to " + lastStep
                    + " and learnt on round " + round;
        }
    }

    /** A delta that was made, and the SHA-256 of its bytes. */
    private record Made(Work work, Delta delta, String sha256) {
        private static Made of(Delta delta) {
            Work work = new Work(
                    delta.origin().number(),
                    delta.origin().round(),
                    delta.steps().first(),
                    delta.steps().last());
            return new Made(work, delta, DeltaPart.of(delta).get(0).sha256());
        }
    }

    private final class Shard implements AutoCloseable {

        private final int number;
        private final Deque<Work> next = new ArrayDeque<>();
        private final Deque<Made> made = new ArrayDeque<>();
        private final ScratchEntries own;
        private final Iterator<MiniBatch> log;
        private final Replica.View view = replica.view();
        private long nextStep;
        private long toldTo; // round that the last delta told of was learnt on
        private ShardLearner learner;

        private Shard(int number) {
            this.number = number;
            own = begun.own(number);
            nextStep = begun.nextSteps().getOrDefault(number, 1 + (number == 0 ? alone : 0));
            log = batches.from(number, nextStep);
            begun.takeMade(number).stream().map(Made::of).forEach(made::add);
            learner = learner(
                    made.stream().map(one -> base.ofThisTime(one.delta())).toList());
        }

        private ShardLearner learner(List<Delta> unhandled) {
            ShardLearner learner = new ShardLearner(settings, number, own, view, view.round(), StepTimes.UNTIMED);
            own.scanBut(new byte[0], ShardLearner.readLater(), learner::restore);
            learner.begin(unhandled);
            return learner;
        }

        /** Returns false if it was learnt before this replay began, and is not at hand. */
        private boolean expect(Work work) {
            toldTo = work.round();
            if (made.stream().anyMatch(one -> one.work().number() == work.number())) {
                return true;
            }
            next.add(work);
            return work.round() >= firstRound;
        }

        private void keep(EntrySink to) {
            ReplayedShards.write(
                    number, nextStep, own, made.stream().map(Made::delta).toList(), to);
        }

        private void stop(String words) {
            require(
                    made.isEmpty(),
                    () -> "the number of shards changes with " + words + ", and no round has "
                            + made.getFirst().work().words(number));
            follow();
            learner.close();
        }

        private void start() {
            learner = learner(List.of());
        }

        private boolean hasWork() {
            return !next.isEmpty() && next.getFirst().round() == replica.round();
        }

        private boolean isDue() {
            return hasWork() || view.round() <= replica.round() - MOST_BEHIND;
        }

        private void learnOnThisRound() {
            follow();
            while (hasWork()) {
                Work work = next.removeFirst();
                for (long step = work.firstStep(); step <= work.lastStep(); step++) {
                    learner.learn(batch(step, work));
                }
                Delta delta = learner.cut().orElseThrow();
                learner.drainDirty(own);
                made.add(Made.of(delta));
            }
        }

        private MiniBatch batch(long step, Work work) {
            require(
                    log.hasNext(),
                    () -> "the log of shard " + number + " ends before step " + step + " of " + work.words(number));
            MiniBatch batch = log.next();
            nextStep++;
            require(
                    batch.step() == step,
                    () -> work.words(number) + ", needs step " + step + " next, the log of the shard has step "
                            + batch.step() + ": rounds must have every step once, in order");
            return batch;
        }

        private void follow() {
            Set<byte[]> changed = new TreeSet<>(Arrays::compareUnsigned);
            List<Round> rounds = view.advance(changed);
            if (!rounds.isEmpty()) {
                learner.follow(rounds, changed);
            }
        }

        /** Returns the delta that a round takes next of this shard. */
        private Delta made(Round.Taken taken, String words) {
            Work work = Work.of(taken);
            require(
                    !made.isEmpty() && made.getFirst().work().equals(work),
                    () -> words + " takes " + work.words(number) + ": the shard has "
                            + (made.isEmpty() ? "none" : made.getFirst().work().words(number))
                            + " next, and must be taken in order, each delta once");
            Made one = made.removeFirst();
            require(
                    one.sha256().equals(taken.sha256()),
                    () -> work.words(number) + ": " + words + " has SHA-256 " + taken.sha256() + ", its steps make "
                            + one.sha256());
            require(
                    one.delta().origin().number() == work.number(),
                    () -> words + " takes " + work.words(number) + ": the shard's next is delta "
                            + one.delta().origin().number());
            return one.delta();
        }

        @Override
        public void close() {
            learner.close();
            view.close();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        shards.values().forEach(Shard::close);
        begun.close();
        base.close();
        replicated.close();
    }
}
