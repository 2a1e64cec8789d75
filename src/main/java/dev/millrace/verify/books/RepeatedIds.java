package dev.millrace.verify.books;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
         * @param forgottenAt settled time at which the id is forgotten
         * @param latest settled time at which the event came, at most
         */
        Holders with(long forgottenAt, long latest) {
            return new Holders(
                    Math.min(firstForgottenAt, forgottenAt), Math.max(lastGoneAt, Math.max(forgottenAt, latest + 1)));
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
                    holders, input.isForgotten(exposure.user()), input.earliestAt(exposure), input.latestAt(exposure));
            note(exposures, exposure.offset(), chances);
            holdersById.put(
                    exposure.id(),
                    remembered(holders, input.rules().forgottenAt(exposure), input.latestAt(exposure), chances));
        }
    }

    /** Tells repeats of one click id from new clicks, and finds the example of each: the first left that matches. */
    private void findRepeatedClicks(IdHash id, List<LoggedClick> same) {
        List<LoggedExample> examples = input.examples().clicked().getOrDefault(id, List.of());
        Map<Matched, Deque<LoggedExample>> left = new HashMap<>();
        examples.forEach(example -> left.computeIfAbsent(Matched.of(example), matched -> new ArrayDeque<>(1))
                .add(example));
        Map<Matched, List<LoggedClick>> withExample = new HashMap<>();
        Holders holders = Holders.NONE;
        for (LoggedClick click : same) {
            Chances chances =
                    chances(holders, input.isForgotten(click.user()), input.earliestAt(click), input.latestAt(click));
            Optional<LoggedExample> example = chances.mayBeNew()
                    ? removeFirst(left.getOrDefault(Matched.of(click), new ArrayDeque<>(0)), click)
                    : Optional.empty();
            if (example.isPresent()) {
                examplesByClick.put(click.offset(), example.get());
                withExample
                        .computeIfAbsent(Matched.of(click), matched -> new ArrayList<>(1))
                        .add(click);
                verdicts.explain(example.get());
                chances = new Chances(true, false);
            }
            note(clicks, click.offset(), chances);
            holders = remembered(holders, input.rules().forgottenAt(click), input.latestAt(click), chances);
        }
        left.values().stream()
                .flatMap(Deque::stream)
                .sorted(Comparator.comparingInt(LoggedExample::number))
                .forEach(extra -> withExample.getOrDefault(Matched.of(extra), List.of()).stream()
                        .filter(extra::mayRepeatThatOf)
                        .findFirst()
                        .ifPresent(click -> reportSecondExample(extra, click)));
    }

    /** Takes the first example that matches. A trainer writes them in the order of their clicks, so it is one of the first. */
    private static Optional<LoggedExample> removeFirst(Deque<LoggedExample> examples, LoggedClick click) {
        for (Iterator<LoggedExample> each = examples.iterator(); each.hasNext(); ) {
            LoggedExample example = each.next();
            if (example.matches(click)) {
                each.remove();
                return Optional.of(example);
            }
        }
        return Optional.empty();
    }

    /** What an example has of its click, beside the id and the weight. */
    private record Matched(IdHash pair, String action, long time) {

        static Matched of(LoggedClick click) {
            return new Matched(click.pair(), click.action(), click.time());
        }

        static Matched of(LoggedExample example) {
            return new Matched(example.pair(), example.action(), example.time());
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
     * @param earliest settled time at the event, at least
     * @param latest settled time at the event, at most
     */
    private static Chances chances(Holders holders, boolean isUserForgotten, long earliest, long latest) {
        boolean mayBeNew = holders.isEmpty() || isUserForgotten || latest >= holders.firstForgottenAt();
        boolean mayBeRepeat =
                !holders.isEmpty() && (isUserForgotten || holders.lastGoneAt() > SettledTimeBounds.cursorAt(earliest));
        return new Chances(mayBeNew, mayBeRepeat);
    }

    private static void note(Map<Long, Newness> repeated, long offset, Chances chances) {
        if (chances.mayBeRepeat()) {
            repeated.put(offset, chances.mayBeNew() ? Newness.EITHER : Newness.REPEAT);
        }
    }

    /** An event that is new for certain is the only one that can hold the id from there on. */
    private static Holders remembered(Holders holders, long forgottenAt, long latest, Chances chances) {
        if (!chances.mayBeNew()) {
            return holders;
        }
        return (chances.mayBeRepeat() ? holders : Holders.NONE).with(forgottenAt, latest);
    }
}
