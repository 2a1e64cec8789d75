package dev.millrace.stream.shard;

import dev.millrace.batch.Batcher;
import dev.millrace.generation.GenerationFact;
import dev.millrace.merge.Base;
import dev.millrace.merge.ShardLearner;
import dev.millrace.model.UserRows;
import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.stream.Changelog;
import dev.millrace.stream.Part;
import dev.millrace.stream.StateTransaction;
import dev.millrace.stream.StreamSettings;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.TopicReader.Extent;
import dev.millrace.train.EntryKind;
import dev.millrace.train.Figure;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;

/**
 * Gives a model another number of learners, while no trainer of it runs: rows of users go to the learner that has their user from now on.
 *
 * <p>It is one transaction: rows, settings, offsets, and the fact that tells trainers the number. Before it, the learners must have learnt all
 * examples, and rounds must have all deltas ({@link #left}); so an example is learnt where its user's row is. One thread.
 */
public final class Rescale {

    private static final String CHANGED = "must be changed when nothing is under way: ";

    private final Cluster cluster;
    private final StreamSettings stream;
    private final TrainerSettings settings;
    private final KeptSettings kept;
    private final boolean wasAlone;
    private final TopicNames topics;
    private final Supplier<OrderedEntries> scratch;
    private final Progress progress;

    /**
     * @param cluster whose names of topics have the number of learners from now on
     * @param settings of the learners
     * @param ofModel settings that the state of a learner depends on
     * @param wasAlone whether the model has one learner until now, without shards
     * @param scratch makes empty entries, which the caller closes
     */
    public Rescale(
            Cluster cluster,
            StreamSettings stream,
            TrainerSettings settings,
            KeptSettings ofModel,
            boolean wasAlone,
            Supplier<OrderedEntries> scratch,
            Progress progress) {
        this.cluster = cluster;
        this.stream = stream;
        this.settings = settings;
        this.wasAlone = wasAlone;
        this.topics = cluster.topics();
        this.kept = ShardTopology.kept(ofModel, topics);
        this.scratch = scratch;
        this.progress = progress;
    }

    private List<Part> partsBefore() {
        return wasAlone ? List.of(Part.LEARN) : List.of(Part.SHARDS, Part.BASE);
    }

    /** @throws InvalidSettingsException if a trainer runs */
    public void requireNoTrainer() {
        Map<String, GroupState> groups = new HashMap<>();
        admin().ask(admin -> {
            admin.listGroups().all().get().forEach(group -> group.groupState()
                    .ifPresent(state -> groups.put(group.groupId(), state)));
            return groups;
        });
        Stream.concat(Stream.of(Part.ATTRIBUTE), partsBefore().stream())
                .map(stream::applicationId)
                .filter(id ->
                        !Set.of(GroupState.EMPTY, GroupState.DEAD).contains(groups.getOrDefault(id, GroupState.EMPTY)))
                .findFirst()
                .ifPresent(id -> {
                    throw refused("group " + id + " is " + groups.get(id) + ": stop all trainers");
                });
    }

    /**
     * Returns the number of records that learners and base have yet to read, and of examples that wait in open batches; 0 if rounds have all that
     * attribution has sent. They are looked at in the order of an example's way: it leaves one place in the commit that brings it to the next.
     */
    public long left() {
        try (TopicReader reader = cluster.reader()) {
            long examples = unread(reader, wasAlone ? Part.LEARN : Part.SHARDS, topics.trainingExamples());
            long waiting = new ProgressLog(cluster)
                    .latest().values().stream().mapToLong(this::examplesWaiting).sum();
            return examples + waiting + (wasAlone ? 0 : unread(reader, Part.BASE, topics.modelDeltas()));
        }
    }

    /** With the examples of a learner that is alone, items wait for their time. */
    private long examplesWaiting(PartProgress part) {
        long waiting = Books.Account.of(InputTopic.EXAMPLES, part.books()).waiting();
        return Math.max(
                0,
                waiting
                        - part.training()
                                .filter(training -> wasAlone)
                                .map(training -> Math.round(training.figure(Figure.ANNOUNCED)))
                                .orElse(0L));
    }

    /** The marks of transactions are offsets, too: there may be some behind the last record. */
    private long unread(TopicReader reader, Part part, String topic) {
        Map<TopicPartition, OffsetAndMetadata> committed = committed(part);
        return reader.extents(topic).stream()
                .mapToLong(extent -> {
                    OffsetAndMetadata offset = committed.get(new TopicPartition(topic, extent.partition()));
                    long from = offset == null ? extent.first() : offset.offset();
                    long end = reader.committedEnd(topic, extent.partition());
                    Extent all = new Extent(topic, extent.partition(), extent.first(), end);
                    return reader.firstFrom(all, from).isPresent() ? end - from : 0;
                })
                .sum();
    }

    /**
     * Makes the changelogs of as many learners. What is there stays. The topics that they read must have as many partitions afterwards, and {@link
     * #beginPartitions} must follow.
     *
     * @return the number of partitions: of all numbers that there were, also those of runs that did not end, the largest
     */
    public int growChangelogs() {
        Changelog shards = changelog(Part.SHARDS);
        int partitions = Math.max(
                Math.max(topics.shards(), shards.exists() ? shards.partitions() : 0),
                Math.max(partitions(topics.trainingExamples()), partitions(topics.miniBatches())));
        shards.create(partitions, Map.of());
        changelog(Part.BASE).create(1, ReplicaFollower.configOfChangelog());
        return partitions;
    }

    /** Lets the group of the shards begin at the beginning of partitions that are new to it. */
    public void beginPartitions(int partitions) {
        Map<TopicPartition, OffsetAndMetadata> known = committed(Part.SHARDS);
        Map<TopicPartition, OffsetAndMetadata> begin = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            TopicPartition of = new TopicPartition(topics.trainingExamples(), partition);
            if (!known.containsKey(of)) {
                begin.put(of, new OffsetAndMetadata(0));
            }
        }
        if (!begin.isEmpty()) {
            admin().ask(admin -> admin.alterConsumerGroupOffsets(stream.applicationId(Part.SHARDS), begin)
                    .all()
                    .get());
        }
    }

    /**
     * Changes the number.
     *
     * @param started how the generation began, as its history has it
     * @return the number of rows that changed their learner
     * @throws InvalidSettingsException if a trainer runs or something is under way
     */
    public long run(GenerationFact started) {
        Set<String> applications = Set.copyOf(stream.applicationIds());
        String id = stream.applicationId(Part.SHARDS) + "-rescale";
        try (StateTransaction transaction =
                new StateTransaction(cluster.clients(), stream, id, Set.of(topics.generations()), applications)) {
            Change change = wasAlone ? parting() : moving(); // all is read before the time of the transaction runs
            transaction.begin();
            keep(transaction, Part.SHARDS);
            keep(transaction, Part.BASE);
            long moved = change.send(transaction);
            for (Part part : Part.values()) {
                if (part == Part.ATTRIBUTE || partsBefore().contains(part)) {
                    transaction.offsets(stream.applicationId(part), committed(part)); // fails if it runs
                }
            }
            say(transaction, started);
            transaction.commit();
            return moved;
        } catch (CommitFailedException inUse) {
            throw refused("a trainer has started meanwhile: stop all, and begin again");
        }
    }

    /** What was read and checked, to be changed. */
    private interface Change {
        /** Returns the number of rows that change their learner. */
        long send(StateTransaction transaction);
    }

    /** Of a state that has settings, only the number of learners changes: compaction keeps the others first. */
    private void keep(StateTransaction transaction, Part part) {
        Changelog changelog = changelog(part);
        Set<Integer> fresh = changelog.emptyPartitions();
        KeptSettings number = new KeptSettings(
                new TreeMap<>(Map.of(TopicNames.SHARDS, kept.texts().get(TopicNames.SHARDS))));
        for (int partition = 0; partition < changelog.partitions(); partition++) {
            transaction.keep(changelog, partition, fresh.contains(partition) ? kept : number);
        }
    }

    /** Makes the learner that was alone a base, and its users those of shards. */
    private Change parting() {
        for (Part part : List.of(Part.SHARDS, Part.BASE)) {
            if (!changelog(part).isEmpty()) {
                throw refused("must be 1: changelog " + changelog(part).name()
                        + " has the state of an earlier model of several learners");
            }
        }
        OrderedEntries stored = read(changelog(Part.LEARN), 0);
        TopicPartition examples = new TopicPartition(topics.trainingExamples(), 0);
        long offset = Optional.ofNullable(committed(Part.LEARN).get(examples))
                .map(OffsetAndMetadata::offset)
                .orElseThrow(
                        () -> refused("group " + stream.applicationId(Part.LEARN) + " has no offset of " + examples));
        Parting parting = new Parting(cluster, stream, settings);
        try (Base base = parting.base(stored)) {
            requireSettled(base.trainer());
        }
        List<OrderedEntries> own = new ArrayList<>();
        for (int shard = 0; shard < topics.shards(); shard++) {
            own.add(scratch.get());
        }
        takeBooks(stored, own.get(0));
        byte[] steps = Batcher.countersKey(EntryKind.OPEN_BATCH.prefix());
        stored.get(steps)
                .ifPresent(counters -> own.get(0).put(steps, counters)); // it goes on with that partition of the log
        long moved = parting.part(stored, own);
        return transaction -> {
            parting.send(transaction, stored, own, Progress.NONE);
            transaction.position(changelog(Part.SHARDS), 0, examples, offset);
            transaction.offsets(stream.applicationId(Part.SHARDS), Map.of(examples, StateTransaction.reached(offset)));
            return moved;
        };
    }

    /** The examples came in the partition of a shard. What waits are items, which stay with the base. */
    private static void takeBooks(OrderedEntries from, OrderedEntries to) {
        Books ofShard = new Books(EntryKind.BOOKS.prefix());
        Books ofBase = new Books(EntryKind.BOOKS.prefix());
        byte[] prefix = {(byte) EntryKind.BOOKS.prefix()};
        List<byte[]> taken = new ArrayList<>();
        from.scan(prefix, EntrySource.behind(prefix), (key, value) -> {
            ofShard.restore(key, value);
            to.put(key, value);
            return taken.add(key);
        });
        taken.forEach(from::delete);
        ofShard.handOverWaiting(InputTopic.EXAMPLES, ofBase);
        ofShard.drainDirty(to);
        ofBase.drainDirty(from);
    }

    private void requireSettled(Trainer trainer) {
        if (trainer.hasOpenWork()) {
            throw refused(CHANGED + "the learner has an open batch");
        }
        trainer.withheld().ifPresent(why -> {
            throw refused(CHANGED + "its vectors are withheld, " + why);
        });
    }

    /** Moves the rows that have another shard than before. */
    private Change moving() {
        OrderedEntries base = read(changelog(Part.BASE), 0);
        Base.Mark mark = Base.lastMark(base);
        if (mark.isWithheld()) {
            throw refused(CHANGED + "vectors are withheld");
        }
        List<OrderedEntries> stored = new ArrayList<>();
        for (int shard = 0; shard < changelog(Part.SHARDS).partitions(); shard++) {
            OrderedEntries entries = read(changelog(Part.SHARDS), shard);
            int of = shard;
            ShardLearner.unsettled(entries, mark.handled().getOrDefault(shard, 0L))
                    .ifPresent(why -> {
                        throw refused(CHANGED + "of shard " + of + " " + why);
                    });
            stored.add(entries);
        }
        return transaction -> {
            List<OrderedEntries> own = new ArrayList<>();
            stored.forEach(entries -> own.add(new Sent(entries, transaction, own.size())));
            own.forEach(Rescale::forgetRemembered);
            UserRows rows = new UserRows(settings.model(), topics::shard, own::get);
            rows.move(own.size());
            return rows.finish();
        };
    }

    /** Examples to be learnt again are of users whose rows may be with another shard now. */
    private static void forgetRemembered(OrderedEntries own) {
        byte[] prefix = Batcher.rememberedKeys(EntryKind.OPEN_BATCH.prefix());
        List<byte[]> remembered = new ArrayList<>();
        own.scan(prefix, EntrySource.behind(prefix), (key, value) -> remembered.add(key));
        remembered.forEach(own::delete);
    }

    /** Tells the trainers of the generation: of the base, and of the number. */
    private void say(StateTransaction transaction, GenerationFact started) {
        SortedMap<String, String> settings = new TreeMap<>(started.settings());
        settings.put(TopicNames.SHARDS, Integer.toString(topics.shards()));
        GenerationFact now = new GenerationFact(
                started.generation(),
                started.kind(),
                started.at(),
                started.step(),
                started.items(),
                stream.applicationId(Part.BASE),
                settings);
        transaction.send(
                topics.generations(),
                0,
                Topic.GENERATIONS.key(now),
                cluster.wire().encode(Topic.GENERATIONS, topics.generations(), now));
    }

    private OrderedEntries read(Changelog changelog, int partition) {
        OrderedEntries entries = scratch.get();
        changelog.read(partition, entries, () -> true, progress);
        return entries;
    }

    private Changelog changelog(Part part) {
        return Changelog.of(cluster.clients(), stream, part);
    }

    private int partitions(String topic) {
        try (TopicReader reader = cluster.reader()) {
            return reader.partitions(topic);
        }
    }

    private Map<TopicPartition, OffsetAndMetadata> committed(Part part) {
        return admin().ask(admin -> ClusterAdmin.committed(admin, stream.applicationId(part)));
    }

    private ClusterAdmin admin() {
        return new ClusterAdmin(cluster.clients(), cluster.patience());
    }

    private InvalidSettingsException refused(String rule) {
        return new InvalidSettingsException(
                List.of(new SettingFault(TopicNames.SHARDS, Integer.toString(topics.shards()), rule)));
    }

    /** Entries of a shard, whose changes are sent to its changelog. */
    private final class Sent implements OrderedEntries {

        private final OrderedEntries entries;
        private final StateTransaction transaction;
        private final int shard;
        private final String changelog = changelog(Part.SHARDS).name();

        Sent(OrderedEntries entries, StateTransaction transaction, int shard) {
            this.entries = entries;
            this.transaction = transaction;
            this.shard = shard;
        }

        @Override
        public void put(byte[] key, byte[] value) {
            entries.put(key, value);
            transaction.send(changelog, shard, key, Optional.of(value));
        }

        @Override
        public void delete(byte[] key) {
            entries.delete(key);
            transaction.send(changelog, shard, key, Optional.empty());
        }

        @Override
        public Optional<byte[]> get(byte[] key) {
            return entries.get(key);
        }

        @Override
        public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
            entries.scan(from, to, visitor);
        }

        @Override
        public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
            entries.scan(from, visitor);
        }
    }
}
