package dev.millrace.fuzz;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.feature.UserFeatures;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.Shop;
import dev.millrace.train.StepOutcome;
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

    /**
     * What came of a run.
     *
     * @param honest ids of the examples of the others
     * @param refused steps
     * @param steepest norm of a step's gradient
     * @param items of the catalogue
     * @param withheld steps after which publication was withheld
     * @param neighbours what the sender has in the target's list of neighbours
     * @param sent events of the sender
     * @param onTarget sum of the weights of the sender's examples of the target
     * @param luck standard deviation of how many of those count
     * @param counted sum of what the sender's examples count as positives, in expectation
     * @param variance of that
     * @param written bytes of state, changelog and output, of all events
     */
    record Outcome(
            Optional<Shop.Standing> standing,
            Set<String> honest,
            int refused,
            double steepest,
            Set<String> items,
            int withheld,
            Neighbours neighbours,
            long sent,
            double onTarget,
            double luck,
            double counted,
            double variance,
            long written) {}

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
    private final Set<String> honest = new HashSet<>();
    private final List<Addition> byOthers = new ArrayList<>();
    private int refused;
    private double steepest;
    private int withheld;
    private long sent;
    private double onTarget;
    private double varianceOnTarget;
    private double counted;
    private double variance;

    private Raid(Scene scene) {
        this.scene = scene;
        AvroWire wire = new AvroWire(scene.settings().wire());
        examples = new TrainingRecords(wire);
        this.wire = wire;
        shop = new Shop(scene.settings(), entries, this);
    }

    static Outcome run(Scene scene, Sender sender) {
        Raid raid = new Raid(scene);
        try (Shop ending = raid.shop) {
            ending.restore(scene.kept(), raid.entries);
            raid.entries.written = 0;
            return raid.run(sender);
        }
    }

    private Outcome run(Sender sender) {
        long now = scene.kept().time();
        for (int at = 0; at < scene.honest().size(); at++) {
            ReplayEvent next = scene.honest().get(at);
            now = Math.max(now, next.time());
            sender.before(at, now, event -> {
                sent++;
                take(event);
            });
            take(next);
        }
        learnt(shop.finish());
        Optional<Shop.Standing> standing = scene.goal() == Goal.RANK
                ? Optional.of(shop.standing(scene.target(), now, user -> !Accounts.isOne(user)))
                : Optional.empty();
        return new Outcome(
                standing,
                honest,
                refused,
                steepest,
                Set.copyOf(shop.trainer().items()),
                withheld,
                scene.goal() == Goal.NEIGHBOURS ? neighbours() : Neighbours.NONE,
                sent,
                onTarget,
                Math.sqrt(varianceOnTarget),
                counted,
                variance,
                entries.written);
    }

    private void take(ReplayEvent event) {
        shop.take(event).ifPresent(this::learnt);
        if (scene.goal() == Goal.BYTES) { // the dearest case: a commit for each event
            shop.commit(entries.changelog());
        }
    }

    private void learnt(StepOutcome outcome) {
        refused += outcome.refusal().isPresent() ? 1 : 0;
        outcome.learnt().ifPresent(report -> steepest = Math.max(steepest, report.gradientNorm()));
        if (scene.goal() == Goal.GATE) {
            shop.trainer().publish();
            shop.trainer().drainDirty(new MemoryEntries());
            withheld += shop.trainer().withheld().isPresent() ? 1 : 0;
        }
    }

    /** What an honest user's click adds to the target's list. */
    private record Addition(String neighbour, long time, double amount) {}

    private Neighbours neighbours() {
        NeighbourList before = scene.targetsNeighbours(scene.kept()).orElseThrow();
        NeighbourList list = scene.targetsNeighbours(shop.kept(entries)).orElse(before);
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
            counted += share;
            onTarget += example.item().equals(scene.target()) ? example.weight() : 0;
            varianceOnTarget += example.item().equals(scene.target()) ? share * (1 - share) : 0;
            variance += share * (1 - share);
        } else {
            honest.add(example.id());
            noteNeighbours(example);
        }
        if (scene.goal() == Goal.BYTES) {
            entries.written += examples.encode("training-examples", example).length;
        }
    }

    @Override
    public void userFeatures(UserFeatures user) {
        if (scene.goal() == Goal.BYTES) {
            entries.written +=
                    wire.encode(Topic.USER_FEATURES, "user-features", user).orElseThrow().length;
        }
    }

    @Override
    public void userRemoved(String user) {}

    /** A store that counts the bytes that it is given. */
    private static final class CountedEntries implements OrderedEntries {

        private final MemoryEntries entries = new MemoryEntries();
        private long written;

        /** Entries that the attribution holds itself; they go to the same changelog. */
        EntrySink changelog() {
            return new EntrySink() {
                @Override
                public void put(byte[] key, byte[] value) {
                    written += key.length + value.length;
                }

                @Override
                public void delete(byte[] key) {
                    written += key.length;
                }
            };
        }

        @Override
        public Optional<byte[]> get(byte[] key) {
            return entries.get(key);
        }

        @Override
        public void put(byte[] key, byte[] value) {
            written += key.length + value.length;
            entries.put(key, value);
        }

        @Override
        public void delete(byte[] key) {
            written += key.length;
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
