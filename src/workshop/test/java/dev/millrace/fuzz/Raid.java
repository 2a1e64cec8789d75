package dev.millrace.fuzz;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.exam.ExamWitness;
import dev.millrace.feature.UserFeatures;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.Shop;
import dev.millrace.train.StepOutcome;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Consumer;

/** One run of a scene's honest events, beside those of a sender: what came of it. */
final class Raid implements Attribution.Output {

    /** Sends events between those of others. */
    interface Sender {

        /** Sends nothing. */
        Sender NOBODY = (at, now, to) -> {};

        /** Sends what comes before an honest event, the number of which is given, at that time. */
        void before(int at, long now, Consumer<ReplayEvent> to);
    }

    /** What came of a run, and is counted while it goes on. */
    static final class Outcome {
        Optional<Shop.Standing> standing = Optional.empty();
        /** Ids of the examples of the others. */
        final Set<String> honest = new HashSet<>();

        int refused;
        /** Largest norm of a step's gradient. */
        double steepest;

        Set<String> items = Set.of();
        /** Steps after which publication was withheld. */
        int withheld;

        Neighbours neighbours = Neighbours.NONE;
        /** Events of the sender. */
        long sent;
        /** Sum of the weights of the sender's examples of the target. */
        double onTarget;
        /** Variance of how many of those count. */
        double varianceOnTarget;
        /** Sum of what the sender's examples count as positives, in expectation. */
        double counted;
        /** Variance of that. */
        double variance;
        /** Of the trainer after the last batch. */
        Optional<TrainingProgress> progress = Optional.empty();
        /** Bytes of state, changelog and output, of all events. */
        long written;
    }

    /**
     * What a sender has in a list of neighbours, as of the list's last addition.
     *
     * @param weight that no click of others explains
     * @param entries to which others added nothing
     * @param size of the list
     * @param total weight of all that was ever added to it
     */
    record Neighbours(double weight, int entries, int size, double total) {
        static final Neighbours NONE = new Neighbours(0, 0, 0, 0);
    }

    private final Scene scene;
    private final CountedEntries entries = new CountedEntries();
    private final Shop shop;
    private final TrainingRecords examples;
    private final AvroWire wire;
    private final List<Addition> byOthers = new ArrayList<>();
    private final Outcome outcome = new Outcome();
    private final Optional<ExamWitness> found;

    private Raid(Scene scene, Optional<ExamWitness> found) {
        this.scene = scene;
        this.found = found;
        AvroWire wire = new AvroWire(scene.settings().wire());
        examples = new TrainingRecords(wire);
        this.wire = wire;
        shop = new Shop(scene.settings(), entries, this);
    }

    static Outcome run(Scene scene, Sender sender) {
        return run(scene, sender, Optional.empty());
    }

    /** @param found receives the places of honest clicks, as of when they come */
    static Outcome run(Scene scene, Sender sender, ExamWitness found) {
        return run(scene, sender, Optional.of(found));
    }

    private static Outcome run(Scene scene, Sender sender, Optional<ExamWitness> found) {
        Raid raid = new Raid(scene, found);
        try (Shop ending = raid.shop) {
            ending.restore(scene.kept(), raid.entries);
            raid.outcome.written = 0;
            return raid.run(sender);
        }
    }

    private Outcome run(Sender sender) {
        long now = scene.kept().time();
        for (int at = 0; at < scene.honest().size(); at++) {
            ReplayEvent next = scene.honest().get(at);
            now = Math.max(now, next.time());
            sender.before(at, now, event -> {
                outcome.sent++;
                take(event);
            });
            take(next);
        }
        learnt(shop.finish());
        if (scene.goal() == Goal.RANK) {
            outcome.standing = Optional.of(shop.standing(scene.target(), now, user -> !Accounts.isOne(user)));
        }
        if (scene.goal() == Goal.NEIGHBOURS) {
            outcome.neighbours = neighbours();
        }
        outcome.progress = Optional.of(shop.trainer().progress());
        outcome.items = Set.copyOf(shop.trainer().items());
        return outcome;
    }

    private void take(ReplayEvent event) {
        shop.take(event).ifPresent(this::learnt);
        if (scene.goal() == Goal.BYTES) { // the dearest case: a commit for each event
            shop.commit(new CountedEntries()); // of what the attribution holds itself
        }
    }

    private void learnt(StepOutcome step) {
        outcome.refused += step.refusal().isPresent() ? 1 : 0;
        step.learnt().ifPresent(report -> outcome.steepest = Math.max(outcome.steepest, report.gradientNorm()));
        if (scene.goal() == Goal.GATE) {
            shop.trainer().publish();
            shop.trainer().drainDirty(new MemoryEntries());
            outcome.withheld += shop.trainer().withheld().isPresent() ? 1 : 0;
        }
    }

    /** What an honest user's click adds to the target's list. */
    private record Addition(String neighbour, long time, double amount) {}

    private Neighbours neighbours() {
        NeighbourList before = scene.targetsNeighbours();
        NeighbourList list = shop.trainer().neighbours(scene.target()).orElse(before);
        Map<String, Double> explained = new HashMap<>();
        before.forEach((neighbour, weight) -> explained.put(neighbour, left(list, before.asOf()) * weight));
        byOthers.forEach(added -> explained.merge(added.neighbour, left(list, added.time) * added.amount, Double::sum));
        NavigableMap<String, Float> held = new TreeMap<>();
        list.forEach(held::put);
        double weight = 0;
        for (Map.Entry<String, Float> neighbour : held.entrySet()) {
            weight += Math.max(0, neighbour.getValue() - explained.getOrDefault(neighbour.getKey(), 0.0));
        }
        held.keySet().removeAll(explained.keySet());
        return new Neighbours(weight, held.size(), list.size(), list.total());
    }

    /** Returns what is left of an amount of a time as of the list's last addition. */
    private double left(NeighbourList list, long time) {
        double halfLives = (double) (list.asOf() - time)
                / scene.settings().trainer().neighbours().halfLife().toMillis();
        return Math.pow(0.5, halfLives);
    }

    /** As docs/model.md says, without any bound. */
    private void noteNeighbours(TrainingExample example) {
        List<String> history = example.user().history();
        for (int gap = 0; gap < Math.min(3, history.size()); gap++) {
            String earlier = history.get(gap);
            double amount = 1.0 / (gap + 1);
            if (earlier.equals(scene.target())) {
                byOthers.add(new Addition(example.item(), example.time(), amount));
            } else if (example.item().equals(scene.target())) {
                byOthers.add(new Addition(earlier, example.time(), amount / 2));
            }
        }
    }

    @Override
    public void example(TrainingExample example) {
        if (Accounts.isOne(example.user().user())) {
            double share = Math.min(1, example.weight());
            outcome.counted += share;
            outcome.onTarget += example.item().equals(scene.target()) ? example.weight() : 0;
            outcome.varianceOnTarget += example.item().equals(scene.target()) ? share * (1 - share) : 0;
            outcome.variance += share * (1 - share);
        } else {
            outcome.honest.add(example.id());
            noteNeighbours(example);
            found.ifPresent(witness -> shop.trainer().rank(List.of(example), witness));
        }
        if (scene.goal() == Goal.BYTES) {
            outcome.written += examples.encode("training-examples", example).length;
        }
    }

    @Override
    public void userFeatures(UserFeatures user) {
        if (scene.goal() == Goal.BYTES) {
            outcome.written +=
                    wire.encode(Topic.USER_FEATURES, "user-features", user).orElseThrow().length;
        }
    }

    @Override
    public void userRemoved(String user) {}

    /** A store that counts the bytes that it is given. */
    private final class CountedEntries implements OrderedEntries, EntrySink {
        private final MemoryEntries entries = new MemoryEntries();

        @Override
        public Optional<byte[]> get(byte[] key) {
            return entries.get(key);
        }

        @Override
        public void put(byte[] key, byte[] value) {
            outcome.written += key.length + value.length;
            entries.put(key, value);
        }

        @Override
        public void delete(byte[] key) {
            outcome.written += key.length;
            entries.delete(key);
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
