package dev.millrace.verify.books;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.state.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The slow twin of {@link OfflineJoin}: it compares each click with all exposures and clicks of its user and item. */
final class OfflineJoinReference {

    private OfflineJoinReference() {}

    static void run(JoinInput input, JoinVerdicts verdicts) {
        RepeatedIds ids = RepeatedIds.find(input, verdicts);
        AttributedClicks attributed = new AttributedClicks(input, ids);
        input.events().clicks().forEach(new ClickOutcomes(input, ids, attributed, verdicts)::judge);
        attributed.findRepeatedActions(verdicts);
        input.events().exposures().forEach(new ExposureOutcomes(input, ids, attributed, verdicts)::judge);
    }

    /** Returns true if the click can be attributed to that exposure, or come late for it. */
    private static boolean answers(JoinRules rules, LoggedClick click, LoggedExposure exposure) {
        return click.exposure().isPresent()
                ? click.exposure().get().equals(exposure.id())
                : exposure.time() <= click.time() && click.time() <= rules.windowEnd(exposure);
    }

    /**
     * Which exposures and clicks of a partition repeat an id, and which example belongs to which click.
     *
     * <p>An id is remembered for the deduplication window. Whether it was still remembered when it came again can depend on the order
     * of reading: then the event is {@link Newness#EITHER}. An example of a click settles it, as a repeat has none.
     */
    private static final class RepeatedIds {

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
         * @param forgetting settled time at which the id is forgotten
         */
        private record Holder(ClockBounds.Range forgetting) {}

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

        RepeatedIds.Newness newness(LoggedExposure exposure) {
            return exposures.getOrDefault(exposure.offset(), RepeatedIds.Newness.NEW);
        }

        RepeatedIds.Newness newness(LoggedClick click) {
            return clicks.getOrDefault(click.offset(), RepeatedIds.Newness.NEW);
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
                        holders,
                        input.isForgotten(exposure.user()),
                        input.cursorAt(exposure),
                        input.latestAt(exposure));
                note(exposures, exposure.offset(), chances);
                remember(holders, new Holder(input.forgetting(exposure)), chances);
            }
        }

        /** Tells repeats of one click id from new clicks, and finds the example of each. */
        private void findRepeatedClicks(IdHash id, List<LoggedClick> same) {
            List<LoggedExample> examples =
                    new ArrayList<>(input.examples().clicked().getOrDefault(id, List.of()));
            List<Holder> holders = new ArrayList<>(1);
            for (LoggedClick click : same) {
                Chances chances =
                        chances(holders, input.isForgotten(click.user()), input.cursorAt(click), input.latestAt(click));
                Optional<LoggedExample> example = chances.mayBeNew()
                        ? examples.stream().filter(of -> matches(of, click)).findFirst()
                        : Optional.empty();
                if (example.isPresent()) {
                    examples.remove(example.get());
                    examplesByClick.put(click.offset(), example.get());
                    verdicts.explain(example.get());
                    chances = new Chances(true, false);
                }
                note(clicks, click.offset(), chances);
                remember(holders, new Holder(input.forgetting(click)), chances);
            }
            for (LoggedExample extra : examples) {
                reportSecondExample(extra, same);
            }
        }

        /** Returns true if it can be the example of that click. */
        private static boolean matches(LoggedExample example, LoggedClick click) {
            return isAlike(example, click)
                    && example.weight() > 0
                    && (example.room().isKnown()
                            ? Double.compare(example.weight(), example.room().amount(click.weight())) == 0
                            : example.weight() <= click.weight());
        }

        /** Returns true if it can be a second example of that click: a copy counts as much as the first, not as an example here had to. */
        private static boolean mayRepeat(LoggedExample example, LoggedClick click) {
            return isAlike(example, click) && example.weight() > 0 && example.weight() <= click.weight();
        }

        private static boolean isAlike(LoggedExample example, LoggedClick click) {
            return example.pair().equals(click.pair())
                    && example.action().equals(click.action())
                    && example.time() == click.time();
        }

        /** Reports nothing if the example is of no click here: it may be of one behind the position. */
        private void reportSecondExample(LoggedExample extra, List<LoggedClick> same) {
            for (LoggedClick click : same) {
                Optional<LoggedExample> first = exampleOf(click);
                if (mayRepeat(extra, click) && first.isPresent()) {
                    JoinInput.Topics topics = input.topics();
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
         * @param cursor settled time up to which timers have run at the event, at least
         * @param latest settled time at the event, at most
         */
        private static Chances chances(List<Holder> holders, boolean isUserForgotten, long cursor, long latest) {
            boolean mayBeNew = holders.isEmpty() || isUserForgotten;
            boolean mayBeRepeat = false;
            for (Holder holder : holders) {
                mayBeNew |= latest >= holder.forgetting().earliest();
                mayBeRepeat |= isUserForgotten || cursor < holder.forgetting().latest();
            }
            return new Chances(mayBeNew, mayBeRepeat);
        }

        private static void note(Map<Long, Newness> repeated, long offset, Chances chances) {
            if (chances.mayBeRepeat()) {
                repeated.put(offset, chances.mayBeNew() ? RepeatedIds.Newness.EITHER : RepeatedIds.Newness.REPEAT);
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

    /** The clicks of a partition that have an example, by user and item, in the order of their offsets. */
    private static final class AttributedClicks {

        /** A click and its example. */
        record Attributed(LoggedClick click, LoggedExample example) {}

        private final JoinInput input;
        private final RepeatedIds ids;
        private final Map<IdHash, List<Attributed>> byPair = new HashMap<>();

        AttributedClicks(JoinInput input, RepeatedIds ids) {
            this.input = input;
            this.ids = ids;
            for (LoggedClick click : input.events().clicks()) {
                ids.exampleOf(click)
                        .ifPresent(example -> byPair.computeIfAbsent(click.pair(), pair -> new ArrayList<>(1))
                                .add(new Attributed(click, example)));
            }
        }

        List<Attributed> of(IdHash pair) {
            return byPair.getOrDefault(pair, List.of());
        }

        /** Returns true if another click can have taken the same action on that exposure before. */
        boolean isTaken(LoggedExposure exposure, LoggedClick click) {
            return answering(exposure, click.pair())
                    .anyMatch(other -> other.action().equals(click.action())
                            && (other.offset() < click.offset() || hasLesserId(other, click)));
        }

        /** The clicks that may have answered that exposure: they have an example of it, or may be capped. */
        Stream<LoggedClick> answering(LoggedExposure exposure, IdHash pair) {
            return Stream.concat(
                            of(pair).stream()
                                    .filter(one -> one.example().featureTime() == exposure.time())
                                    .map(Attributed::click),
                            input.events().clicks().stream()
                                    .filter(click -> click.pair().equals(pair)
                                            && input.rules().actions().contains(click.action())
                                            && ids.exampleOf(click).isEmpty()
                                            && ids.newness(click) != RepeatedIds.Newness.REPEAT
                                            && click.time() <= input.rules().windowEnd(exposure)
                                            && input.mayBeCapped(click)))
                    .filter(click -> answers(input.rules(), click, exposure));
        }

        /** Two clicks that wait are answered in the order of their ids. */
        private static boolean hasLesserId(LoggedClick one, LoggedClick other) {
            return Arrays.compareUnsigned(one.id().getBytes(UTF_8), other.id().getBytes(UTF_8)) < 0;
        }

        /** An action counts once an exposure: finds more examples of one action than there are exposures of that time. */
        void findRepeatedActions(JoinVerdicts verdicts) {
            byPair.forEach((pair, all) -> findRepeatedActions(pair, all, verdicts));
        }

        private void findRepeatedActions(IdHash pair, List<Attributed> all, JoinVerdicts verdicts) {
            if (input.rules().isClicksOnly() || all.size() < 2) {
                return;
            }
            Map<String, List<Attributed>> sameAction = new TreeMap<>();
            for (Attributed one : all) {
                if (!input.rules().mayBeLate(one.click(), one.example())) {
                    sameAction
                            .computeIfAbsent(
                                    one.click().action() + one.example().featureTime(), key -> new ArrayList<>(1))
                            .add(one);
                }
            }
            for (List<Attributed> same : sameAction.values()) {
                if (same.size() > 1
                        && same.size() > exposures(pair, same.get(0).example().featureTime())) {
                    LoggedClick first = same.get(0).click();
                    LoggedClick second = same.get(1).click();
                    verdicts.fault(
                            JoinFault.Kind.REPEATED_ACTION,
                            "clicks " + first.id() + " and " + second.id() + " ("
                                    + input.topics().addressOf(first) + " and "
                                    + input.topics().addressOf(second)
                                    + ") both have an example of the same action on one exposure");
                }
            }
        }

        /** Exposures of that time, less the repeats. */
        private long exposures(IdHash pair, long time) {
            return input.events().exposures().getOrDefault(pair, List.of()).stream()
                    .filter(exposure -> exposure.time() == time && ids.newness(exposure) != RepeatedIds.Newness.REPEAT)
                    .count();
        }
    }

    /** Works out which outcomes each click of a partition can have had. */
    private static final class ClickOutcomes {

        private static final Set<String> DUPLICATE = Set.of(Outcome.DUPLICATE.label());
        private static final Set<String> UNTRAINED = Set.of(Outcome.UNTRAINED_ACTION.label());

        private final JoinInput input;
        private final JoinRules rules;
        private final SettledTimeBounds times;
        private final RepeatedIds ids;
        private final AttributedClicks attributed;
        private final JoinVerdicts verdicts;

        ClickOutcomes(JoinInput input, RepeatedIds ids, AttributedClicks attributed, JoinVerdicts verdicts) {
            this.input = input;
            this.rules = input.rules();
            this.times = input.times();
            this.ids = ids;
            this.attributed = attributed;
            this.verdicts = verdicts;
        }

        /** Adds the click to the verdicts; if it can have had no outcome, that is a fault. */
        void judge(LoggedClick click) {
            RecordAddress address = input.topics().addressOf(click);
            if (!rules.actions().contains(click.action())) {
                verdicts.clicks().add(UNTRAINED, address);
                return;
            }
            Optional<LoggedExample> example = ids.exampleOf(click);
            Set<String> outcomes = example.map(of -> withExample(click, of)).orElseGet(() -> withoutExample(click));
            verdicts.clicks().add(outcomes, address);
            if (outcomes.isEmpty()) {
                example.ifPresentOrElse(of -> reportWrong(click, of), () -> reportMissing(click));
            }
        }

        private void reportMissing(LoggedClick click) {
            verdicts.fault(
                    JoinFault.Kind.MISSING_EXAMPLE,
                    "click " + click.id() + " (" + input.topics().addressOf(click)
                            + ") must have been attributed, and has no example");
        }

        private void reportWrong(LoggedClick click, LoggedExample example) {
            verdicts.fault(
                    JoinFault.Kind.WRONG_EXAMPLE,
                    "the example at " + input.topics().addressOf(example) + " says that click " + click.id() + " ("
                            + input.topics().addressOf(click) + ") answers an exposure of time " + example.featureTime()
                            + ", and there is none that it may answer");
        }

        private Set<String> withExample(LoggedClick click, LoggedExample example) {
            if (rules.isClicksOnly()) {
                return example.featureTime() == click.time() ? Set.of(label(click, Outcome.ATTRIBUTED)) : Set.of();
            }
            Set<String> outcomes = new TreeSet<>();
            for (LoggedExposure exposure : input.exposuresOf(click.pair())) {
                if (ids.newness(exposure) != RepeatedIds.Newness.REPEAT
                        && answers(rules, click, exposure)
                        && click.time() <= rules.windowEnd(exposure)
                        && exposure.time() == example.featureTime()) {
                    outcomes.add(label(click, Outcome.ATTRIBUTED));
                }
            }
            if (rules.mayBeLate(click, example)) {
                Set<String> without = unanswered(click);
                if (without.contains(Outcome.LATE.label())) {
                    outcomes.add(label(click, Outcome.LATE_ATTRIBUTED));
                }
                if (without.contains(Outcome.ORPHAN.label())) {
                    outcomes.add(label(click, Outcome.ORPHAN_ATTRIBUTED));
                }
            }
            return outcomes;
        }

        private String label(LoggedClick click, Outcome outcome) {
            return outcome.label() + (click.weight() > rules.mostWeight() ? ": cut weight" : "");
        }

        private Set<String> withoutExample(LoggedClick click) {
            RepeatedIds.Newness newness = ids.newness(click);
            if (newness == RepeatedIds.Newness.REPEAT) {
                return DUPLICATE;
            }
            Set<String> outcomes = new TreeSet<>();
            boolean makesExample = rules.isClicksOnly()
                    || input.exposuresOf(click.pair()).stream()
                            .anyMatch(exposure -> ids.newness(exposure) != RepeatedIds.Newness.REPEAT
                                    && answers(rules, click, exposure)
                                    && click.time() <= rules.windowEnd(exposure));
            if (!rules.isClicksOnly()) {
                outcomes.addAll(unanswered(click));
                if (rules.isLateLearnt()) {
                    makesExample |= outcomes.contains("late") || outcomes.contains("orphan");
                    outcomes.removeAll(Set.of("late", "orphan"));
                }
                if (input.isForgotten(click.user())) {
                    outcomes.add(Outcome.ERASED.label());
                }
            }
            if (makesExample && input.mayBeCapped(click)) {
                outcomes.add(Outcome.CAPPED.label());
            }
            if (newness == RepeatedIds.Newness.EITHER) {
                outcomes.add(Outcome.DUPLICATE.label());
            }
            return outcomes;
        }

        /** The outcomes that a new click can have had other than being attributed. */
        private Set<String> unanswered(LoggedClick click) {
            Set<String> outcomes = new TreeSet<>();
            ClockBounds.Range due = input.endOfWait(click);
            long latest = input.latestAt(click);
            boolean isForgotten = input.isForgotten(click.user());
            boolean mayMissAll = true; // no exposure that it answers was there while it waited
            boolean mayOutliveAll = true; // nor is one now that all have been read
            for (LoggedExposure exposure : input.exposuresOf(click.pair())) {
                if (ids.newness(exposure) == RepeatedIds.Newness.REPEAT || !answers(rules, click, exposure)) {
                    continue;
                }
                long windowEnd = rules.windowEnd(exposure);
                if (click.time() > windowEnd || latest > windowEnd) {
                    outcomes.add(Outcome.LATE.label());
                }
                if (click.time() <= windowEnd && attributed.isTaken(exposure, click)) {
                    outcomes.add(Outcome.REPEATED_ACTION.label());
                }
                boolean mayBeGone = isForgotten
                        || ids.newness(exposure) == RepeatedIds.Newness.EITHER
                        || latest >= rules.forgottenSince(exposure.time());
                mayMissAll &= mayBeGone || input.latestAt(exposure) >= due.earliest();
                mayOutliveAll &= mayBeGone;
            }
            if (mayMissAll && times.mayHaveRun(due)) {
                outcomes.addAll(afterTheWait(click, due));
            }
            if (mayOutliveAll && !times.hasRun(due)) {
                outcomes.add(BookTotals.WAITING);
            }
            return outcomes;
        }

        /** A click whose wait ended is late if an earlier exposure of the item was still known, else an orphan. */
        private Set<String> afterTheWait(LoggedClick click, ClockBounds.Range due) {
            boolean isForgotten = input.isForgotten(click.user());
            boolean mayBeKnown = false;
            boolean isKnown = false;
            for (LoggedExposure exposure : input.exposuresOf(click.pair())) {
                if (exposure.time() > click.time()
                        || ids.newness(exposure) == RepeatedIds.Newness.REPEAT
                        || answers(rules, click, exposure)) { // those that it missed
                    continue;
                }
                mayBeKnown |= isForgotten
                        || input.cursorAt(click) < input.forgetting(exposure).latest();
                isKnown |= !isForgotten
                        && ids.newness(exposure) == RepeatedIds.Newness.NEW
                        && input.latestAt(exposure) < due.earliest()
                        && rules.forgottenSince(exposure.time()) >= due.latest();
            }
            Set<String> outcomes = new TreeSet<>();
            if (mayBeKnown) {
                outcomes.add(Outcome.LATE.label());
            }
            if (!isKnown) {
                outcomes.add(Outcome.ORPHAN.label());
            }
            return outcomes;
        }
    }

    /** Works out which outcomes each exposure of a partition can have had. */
    private static final class ExposureOutcomes {

        private static final String UNCLICKED = Outcome.UNCLICKED.label();
        private static final Set<String> CLICKED = Set.of(Outcome.CLICKED.label());
        private static final Set<String> ONLY_UNCLICKED = Set.of(UNCLICKED);
        private static final Set<String> CLICKED_OR_NOT = Set.of(Outcome.CLICKED.label(), UNCLICKED);
        private static final Set<String> DUPLICATE = Set.of(Outcome.DUPLICATE.label());

        private final JoinInput input;
        private final RepeatedIds ids;
        private final AttributedClicks attributed;
        private final JoinVerdicts verdicts;

        ExposureOutcomes(JoinInput input, RepeatedIds ids, AttributedClicks attributed, JoinVerdicts verdicts) {
            this.input = input;
            this.ids = ids;
            this.attributed = attributed;
            this.verdicts = verdicts;
        }

        /** Adds all exposures of one item to one user to the verdicts. */
        void judge(IdHash pair, List<LoggedExposure> all) {
            List<AttributedClicks.Attributed> answers = input.rules().isClicksOnly() ? List.of() : attributed.of(pair);
            for (LoggedExposure exposure : all) {
                Set<String> outcomes = outcomes(exposure, pair, all, answers);
                verdicts.exposures()
                        .add(
                                exposure.isSampled() ? givenExample(pair, exposure, outcomes) : outcomes,
                                input.topics().addressOf(exposure));
            }
        }

        private Set<String> outcomes(
                LoggedExposure exposure,
                IdHash pair,
                List<LoggedExposure> all,
                List<AttributedClicks.Attributed> answers) {
            RepeatedIds.Newness newness = ids.newness(exposure);
            if (newness == RepeatedIds.Newness.REPEAT) {
                return DUPLICATE;
            }
            Set<String> outcomes = new TreeSet<>();
            if (newness == RepeatedIds.Newness.EITHER) {
                outcomes.add(Outcome.DUPLICATE.label());
            }
            ClockBounds.Range due = input.endOfWindow(exposure);
            if (input.times().mayHaveRun(due)) {
                outcomes.addAll(clicked(exposure, pair, all, answers));
            }
            if (!input.times().hasRun(due)) {
                outcomes.add(BookTotals.WAITING);
            }
            if (input.isForgotten(exposure.user())) {
                outcomes.add(Outcome.ERASED.label());
                outcomes.addAll(CLICKED_OR_NOT); // which of two of one id was answered cannot be told
            }
            return outcomes;
        }

        /** Whether an exposure was clicked whose window ended. */
        private Set<String> clicked(
                LoggedExposure exposure,
                IdHash pair,
                List<LoggedExposure> all,
                List<AttributedClicks.Attributed> answers) {
            boolean isAnswered = false;
            for (AttributedClicks.Attributed answer : answers) {
                if (answer.example().featureTime() != exposure.time()
                        || !answers(input.rules(), answer.click(), exposure)) {
                    continue;
                }
                boolean mayBeLate = input.rules().mayBeLate(answer.click(), answer.example());
                isAnswered |= !mayBeLate && isAlone(exposure, all, answer.click());
            }
            if (isAnswered) {
                return CLICKED;
            }
            boolean mayBeAnswered = !input.rules().isClicksOnly()
                    && attributed.answering(exposure, pair).findAny().isPresent();
            return mayBeAnswered ? CLICKED_OR_NOT : ONLY_UNCLICKED;
        }

        /** Returns true if the click can have answered no other exposure of that time. */
        private boolean isAlone(LoggedExposure exposure, List<LoggedExposure> all, LoggedClick click) {
            return ids.newness(exposure) == RepeatedIds.Newness.NEW
                    && all.stream()
                                    .filter(other -> ids.newness(other) != RepeatedIds.Newness.REPEAT
                                            && other.time() == exposure.time()
                                            && answers(input.rules(), click, other))
                                    .count()
                            == 1;
        }

        /**
         * What is left of a sampled exposure's outcomes: it has an example exactly if it ended without a click. One that waits by the
         * books may have ended since.
         */
        private Set<String> givenExample(IdHash pair, LoggedExposure exposure, Set<String> outcomes) {
            if (ids.newness(exposure) == RepeatedIds.Newness.REPEAT) {
                return outcomes;
            }
            List<LoggedExample> found = input.examples().unclicked().getOrDefault(exposure.id(), List.of()).stream()
                    .filter(example -> example.featureTime() == exposure.time())
                    .toList();
            if (ids.newness(exposure) == RepeatedIds.Newness.EITHER || input.isForgotten(exposure.user())) {
                found.forEach(verdicts::explain); // there may be one of each time it was new
                return outcomes;
            }
            Optional<LoggedExample> example = found.stream().findFirst();
            example.ifPresent(verdicts::explain);
            return example.map(of -> withExample(exposure, of, outcomes))
                    .orElseGet(() -> withoutExample(pair, exposure, outcomes));
        }

        private Set<String> withExample(LoggedExposure exposure, LoggedExample example, Set<String> outcomes) {
            if (outcomes.contains(BookTotals.WAITING)) {
                return outcomes;
            }
            if (outcomes.contains(UNCLICKED)) {
                return ONLY_UNCLICKED;
            }
            verdicts.fault(
                    JoinFault.Kind.WRONG_EXAMPLE,
                    "the example at " + input.topics().addressOf(example) + " says that the exposure at "
                            + input.topics().addressOf(exposure) + " was not clicked, and it was");
            return outcomes;
        }

        private Set<String> withoutExample(IdHash pair, LoggedExposure exposure, Set<String> outcomes) {
            if (input.mayBeCapped(exposure, pair)) {
                return outcomes;
            }
            if (outcomes.equals(ONLY_UNCLICKED)) {
                verdicts.fault(
                        JoinFault.Kind.MISSING_EXAMPLE,
                        "the exposure at " + input.topics().addressOf(exposure)
                                + " ended without a click, is sampled, and has no example");
                return outcomes;
            }
            Set<String> others = new TreeSet<>(outcomes);
            others.remove(UNCLICKED);
            return others;
        }
    }
}
