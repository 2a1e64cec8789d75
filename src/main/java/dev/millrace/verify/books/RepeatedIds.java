package dev.millrace.verify.books;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which exposures and clicks of a partition repeat an id, and which example belongs to which click.
 *
 * <p>An id is remembered for the deduplication window. Whether it was still remembered when it came again can depend on the order
 * of reading: then the event is {@link Newness#EITHER}. An example of a click settles it, as a repeat has none.
 */
final class RepeatedIds {

    /** Whether the id of an event was remembered when the event came. */
    enum Newness {
        NEW,
        REPEAT,
        /** The id may have been forgotten by then, or not. */
        EITHER
    }

    /**
     * The earlier events of an id, as far as they may hold it: what all of them together say.
     *
     * @param firstForgottenAt settled time at which the first of them is forgotten; {@link Long#MAX_VALUE} if there is none
     * @param lastGoneAt settled time by which the last of them is gone for certain; {@link Long#MIN_VALUE} if there is none
     */
    private record Holders(long firstForgottenAt, long lastGoneAt) {

        static final Holders NONE = new Holders(Long.MAX_VALUE, Long.MIN_VALUE);

        boolean isEmpty() {
            return firstForgottenAt == Long.MAX_VALUE;
        }

        /**
         * @param forgetting settled time at which the id of one more is forgotten
         */
        Holders with(ClockBounds.Range forgetting) {
            return new Holders(
                    Math.min(firstForgottenAt, forgetting.earliest()), Math.max(lastGoneAt, forgetting.latest()));
        }
    }

    private record Chances(boolean mayBeNew, boolean mayBeRepeat) {}

    private final JoinInput input;
    private final JoinVerdicts verdicts;

    // by offset; only the few that are not new for certain
    private final Map<Long, Newness> exposures = new HashMap<>();
    private final Map<Long, Newness> clicks = new HashMap<>();
    private final Map<Long, LoggedExample> examplesByClick = new HashMap<>();

    private RepeatedIds(JoinInput input, JoinVerdicts verdicts) {
        this.input = input;
        this.verdicts = verdicts;
    }

    /** Finds them. Tells the verdicts which examples have a click, and which click has two. */
    static RepeatedIds find(JoinInput input, JoinVerdicts verdicts) {
        RepeatedIds ids = new RepeatedIds(input, verdicts);
        input.events().exposures().values().forEach(ids::findRepeatedExposures);
        Map<IdHash, List<LoggedClick>> byId = new HashMap<>();
        for (LoggedClick click : input.events().clicks()) {
            if (input.rules().actions().contains(click.action())) {
                byId.computeIfAbsent(click.userAndId(), id -> new ArrayList<>(1))
                        .add(click);
            }
        }
        byId.forEach(ids::findRepeatedClicks);
        return ids;
    }

    Newness newness(LoggedExposure exposure) {
        return exposures.getOrDefault(exposure.offset(), Newness.NEW);
    }

    Newness newness(LoggedClick click) {
        return clicks.getOrDefault(click.offset(), Newness.NEW);
    }

    /** The example of that click. */
    Optional<LoggedExample> exampleOf(LoggedClick click) {
        return Optional.ofNullable(examplesByClick.get(click.offset()));
    }

    private void findRepeatedExposures(List<LoggedExposure> ofPair) {
        Map<IdHash, Holders> holdersById = new HashMap<>();
        for (LoggedExposure exposure : ofPair) {
            Holders holders = holdersById.getOrDefault(exposure.id(), Holders.NONE);
            Chances chances = chances(
                    holders, input.isForgotten(exposure.user()), input.cursorAt(exposure), input.latestAt(exposure));
            note(exposures, exposure.offset(), chances);
            holdersById.put(exposure.id(), remembered(holders, input.forgetting(exposure), chances));
        }
    }

    /** Tells repeats of one click id from new clicks, and finds the example of each: the first left that matches. */
    private void findRepeatedClicks(IdHash id, List<LoggedClick> same) {
        LeftExamples left =
                new LeftExamples(input.examples().clicked().getOrDefault(id, List.of()), LoggedClick.weights(same));
        Map<LoggedClick.Trace, NavigableMap<Double, LoggedClick>> withExample = new HashMap<>();
        Holders holders = Holders.NONE;
        for (LoggedClick click : same) {
            Chances chances =
                    chances(holders, input.isForgotten(click.user()), input.cursorAt(click), input.latestAt(click));
            Optional<LoggedExample> example = chances.mayBeNew() ? left.takeFirst(click) : Optional.empty();
            if (example.isPresent()) {
                examplesByClick.put(click.offset(), example.get());
                addHeavier(withExample.computeIfAbsent(click.trace(), trace -> new TreeMap<>()), click);
                verdicts.explain(example.get());
                chances = new Chances(true, false);
            }
            note(clicks, click.offset(), chances);
            holders = remembered(holders, input.forgetting(click), chances);
        }
        for (LoggedExample extra : left.all()) {
            Optional.ofNullable(withExample.get(extra.trace()))
                    .filter(heavier -> extra.weight() > 0)
                    .map(heavier -> heavier.ceilingEntry(extra.weight())) // a copy counts as much as the first
                    .ifPresent(first -> reportSecondExample(extra, first.getValue()));
        }
    }

    /** Adds a click that is heavier than all before it: so the first click of at least some weight can be looked up. */
    private static void addHeavier(NavigableMap<Double, LoggedClick> heavier, LoggedClick click) {
        if (heavier.isEmpty() || heavier.lastKey() < click.weight()) {
            heavier.put(click.weight(), click);
        }
    }

    /**
     * The examples of one click id that no click has taken yet.
     *
     * <p>Most ids have one click and one example. For others, each trace has a binary tree over the weights of its clicks. An example waits at
     * the few nodes that together are the weights it can be of. A click takes the first that waits on its way from the leaf of its weight
     * to the root. So n clicks and examples of one id cost n log n, whatever their weights.
     */
    private static final class LeftExamples {

        private final List<LoggedExample> examples;
        private final Map<LoggedClick.Trace, double[]> weights;
        private final Map<LoggedClick.Trace, Map<Integer, Deque<LoggedExample>>> waiting = new HashMap<>();
        private final Set<Integer> taken = new HashSet<>(); // their numbers

        /**
         * @param examples in their order
         * @param weights of all clicks that will come
         */
        LeftExamples(List<LoggedExample> examples, Map<LoggedClick.Trace, double[]> weights) {
            this.examples = examples;
            this.weights = weights;
            for (LoggedExample example : examples) {
                double[] same = weights.getOrDefault(example.trace(), new double[0]);
                int left = example.firstPlace(same) + same.length;
                int right = example.placeBehind(same) + same.length;
                for (; left < right; left /= 2, right /= 2) {
                    if (left % 2 == 1) {
                        await(example, left++);
                    }
                    if (right % 2 == 1) {
                        await(example, --right);
                    }
                }
            }
        }

        private void await(LoggedExample example, int node) {
            waiting.computeIfAbsent(example.trace(), trace -> new HashMap<>())
                    .computeIfAbsent(node, at -> new ArrayDeque<>(1))
                    .add(example);
        }

        /** Takes the first example that can be of that click. */
        Optional<LoggedExample> takeFirst(LoggedClick click) {
            Map<Integer, Deque<LoggedExample>> nodes = waiting.getOrDefault(click.trace(), Map.of());
            if (nodes.isEmpty()) {
                return Optional.empty();
            }
            double[] same = weights.getOrDefault(click.trace(), new double[0]);
            Optional<LoggedExample> first = Optional.empty();
            for (int node = Arrays.binarySearch(same, click.weight()) + same.length; node > 0; node /= 2) {
                Optional<LoggedExample> here = firstAt(nodes.getOrDefault(node, new ArrayDeque<>(0)));
                if (here.isPresent()
                        && (first.isEmpty() || here.get().number() < first.get().number())) {
                    first = here;
                }
            }
            first.ifPresent(example -> taken.add(example.number()));
            return first;
        }

        private Optional<LoggedExample> firstAt(Deque<LoggedExample> node) {
            while (!node.isEmpty() && taken.contains(node.element().number())) {
                node.remove(); // taken at another node
            }
            return Optional.ofNullable(node.peek());
        }

        /** Those that were not taken, in their order. */
        List<LoggedExample> all() {
            return examples.stream()
                    .filter(example -> !taken.contains(example.number()))
                    .toList();
        }
    }

    private void reportSecondExample(LoggedExample extra, LoggedClick click) {
        JoinInput.Topics topics = input.topics();
        verdicts.explain(extra);
        verdicts.fault(
                JoinFault.Kind.SECOND_EXAMPLE,
                "click " + click.id() + " (" + topics.addressOf(click) + ") has two examples: "
                        + topics.addressOf(exampleOf(click).orElseThrow()) + " and " + topics.addressOf(extra));
    }

    /**
     * Whether an event may be new, and whether it may be a repeat.
     *
     * @param cursor settled time up to which timers have run at the event, at least
     * @param latest settled time at the event, at most
     */
    private static Chances chances(Holders holders, boolean isUserForgotten, long cursor, long latest) {
        boolean mayBeNew = holders.isEmpty() || isUserForgotten || latest >= holders.firstForgottenAt();
        boolean mayBeRepeat = !holders.isEmpty() && (isUserForgotten || holders.lastGoneAt() > cursor);
        return new Chances(mayBeNew, mayBeRepeat);
    }

    private static void note(Map<Long, Newness> repeated, long offset, Chances chances) {
        if (chances.mayBeRepeat()) {
            repeated.put(offset, chances.mayBeNew() ? Newness.EITHER : Newness.REPEAT);
        }
    }

    /** An event that is new for certain is the only one that can hold the id from there on. */
    private static Holders remembered(Holders holders, ClockBounds.Range forgetting, Chances chances) {
        if (!chances.mayBeNew()) {
            return holders;
        }
        return (chances.mayBeRepeat() ? holders : Holders.NONE).with(forgetting);
    }
}
