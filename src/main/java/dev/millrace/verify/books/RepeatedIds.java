package dev.millrace.verify.books;

import java.util.ArrayList;
import java.util.HashMap;
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
     * An earlier event of an id.
     *
     * @param forgottenAt settled time at which the id is forgotten
     * @param latest settled time at which the event came, at most
     */
    private record Holder(long forgottenAt, long latest) {}

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
        Map<IdHash, List<Holder>> holdersById = new HashMap<>();
        for (LoggedExposure exposure : ofPair) {
            List<Holder> holders = holdersById.computeIfAbsent(exposure.id(), id -> new ArrayList<>(1));
            Chances chances = chances(
                    holders, input.isForgotten(exposure.user()), input.earliestAt(exposure), input.latestAt(exposure));
            note(exposures, exposure.offset(), chances);
            remember(holders, new Holder(input.rules().forgottenAt(exposure), input.latestAt(exposure)), chances);
        }
    }

    /** Tells repeats of one click id from new clicks, and finds the example of each. */
    private void findRepeatedClicks(IdHash id, List<LoggedClick> same) {
        List<LoggedExample> examples =
                new ArrayList<>(input.examples().clicked().getOrDefault(id, List.of()));
        List<Holder> holders = new ArrayList<>(1);
        for (LoggedClick click : same) {
            Chances chances =
                    chances(holders, input.isForgotten(click.user()), input.earliestAt(click), input.latestAt(click));
            Optional<LoggedExample> example = chances.mayBeNew()
                    ? examples.stream().filter(of -> of.matches(click)).findFirst()
                    : Optional.empty();
            if (example.isPresent()) {
                examples.remove(example.get());
                examplesByClick.put(click.offset(), example.get());
                verdicts.explain(example.get());
                chances = new Chances(true, false);
            }
            note(clicks, click.offset(), chances);
            remember(holders, new Holder(input.rules().forgottenAt(click), input.latestAt(click)), chances);
        }
        for (LoggedExample extra : examples) {
            reportSecondExample(extra, same);
        }
    }

    /** Reports nothing if the example is of no click here: it may be of one behind the position. */
    private void reportSecondExample(LoggedExample extra, List<LoggedClick> same) {
        for (LoggedClick click : same) {
            Optional<LoggedExample> first = exampleOf(click);
            if (extra.matches(click) && first.isPresent()) {
                JoinTopics topics = input.topics();
                verdicts.explain(extra);
                verdicts.fault(
                        JoinFault.Kind.SECOND_EXAMPLE,
                        "click " + click.id() + " (" + topics.addressOf(click) + ") has two examples: "
                                + topics.addressOf(first.get()) + " and " + topics.addressOf(extra));
                return;
            }
        }
    }

    /**
     * Whether an event may be new, and whether it may be a repeat.
     *
     * @param earliest settled time at the event, at least
     * @param latest settled time at the event, at most
     */
    private static Chances chances(List<Holder> holders, boolean isUserForgotten, long earliest, long latest) {
        boolean mayBeNew = holders.isEmpty() || isUserForgotten;
        boolean mayBeRepeat = false;
        for (Holder holder : holders) {
            mayBeNew |= latest >= holder.forgottenAt();
            mayBeRepeat |=
                    isUserForgotten || !SettledTimeBounds.hasRunAt(earliest, holder.forgottenAt(), holder.latest());
        }
        return new Chances(mayBeNew, mayBeRepeat);
    }

    private static void note(Map<Long, Newness> repeated, long offset, Chances chances) {
        if (chances.mayBeRepeat()) {
            repeated.put(offset, chances.mayBeNew() ? Newness.EITHER : Newness.REPEAT);
        }
    }

    /** An event that is new for certain is the only one that can hold the id from there on. */
    private static void remember(List<Holder> holders, Holder holder, Chances chances) {
        if (!chances.mayBeNew()) {
            return;
        }
        if (!chances.mayBeRepeat()) {
            holders.clear();
        }
        holders.add(holder);
    }
}
