package dev.millrace.verify.books;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.state.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What must have become of every exposure and click of one user partition, given the examples that were made of them.
 *
 * <p>The evidence comes first: an example says that its click was attributed, and to an exposure of which moment. What is left is
 * worked out for every order in which the two topics, and the tombstones of {@code users}, can have been read; see
 * {@link SettledTimeBounds}. An event gets the set of the outcomes that some order explains. An empty set is a fault.
 *
 * <p>Nothing of the attribution's code is used; its settings are. Rules: docs/topics.md, section Outcomes.
 */
final class OfflineJoin {

    /**
     * What one partition holds, as far as it was read.
     *
     * @param exposures by user and item, in the order of their offsets
     * @param clicks in the order of their offsets
     * @param forgotten users with a tombstone
     */
    record Events(Map<IdHash, List<LoggedExposure>> exposures, List<LoggedClick> clicks, Set<IdHash> forgotten) {}

    /**
     * The examples there are, in the order of their offsets.
     *
     * @param clicked by user and id of the click
     * @param unclicked by user, item and id of the exposure
     */
    record Examples(Map<IdHash, List<LoggedExample>> clicked, Map<IdHash, List<LoggedExample>> unclicked) {}

    /** The verdicts: outcomes of both topics, what no order explains, and which examples a click was found for, by number. */
    record Verdicts(PossibleOutcomes exposures, PossibleOutcomes clicks, List<String> faults, BitSet explained) {

        Verdicts() {
            this(new PossibleOutcomes(), new PossibleOutcomes(), new ArrayList<>(), new BitSet());
        }
    }

    private enum Newness {
        NEW,
        REPEAT,
        /** Its id may have been forgotten by then, or not. */
        EITHER
    }

    private record Attributed(LoggedClick click, LoggedExample example) {}

    private static final String UNCLICKED = Outcome.UNCLICKED.label();
    private static final Set<String> DUPLICATE = Set.of(Outcome.DUPLICATE.label());
    private static final Set<String> UNTRAINED = Set.of(Outcome.UNTRAINED_ACTION.label());
    private static final Set<String> ATTRIBUTED = Set.of(Outcome.ATTRIBUTED.label());

    private final AttributionSettings settings;
    private final SettledTimeBounds clock;
    private final Events events;
    private final Examples examples;
    private final JoinTopics places;
    private final Verdicts verdicts;

    private final boolean isClicksOnly;
    private final boolean isLateLearnt;
    private final long window;
    private final long wait;
    private final long memory;

    // by offset; only the few that are not new for certain are kept
    private final Map<Long, Newness> repeatedExposures = new HashMap<>();
    private final Map<Long, Newness> repeatedClicks = new HashMap<>();
    private final Map<Long, LoggedExample> evidence = new HashMap<>();
    private final Map<IdHash, List<Attributed>> attributed = new HashMap<>();

    OfflineJoin(
            AttributionSettings settings,
            SettledTimeBounds clock,
            Events events,
            Examples examples,
            JoinTopics places,
            Verdicts verdicts) {
        this.settings = settings;
        this.clock = clock;
        this.events = events;
        this.examples = examples;
        this.places = places;
        this.verdicts = verdicts;
        this.isClicksOnly = settings.mode() == AttributionSettings.Mode.CLICKS_ONLY;
        this.isLateLearnt = settings.late() == AttributionSettings.Late.POSITIVE;
        this.window = settings.window().toMillis();
        this.wait = settings.clickWait().toMillis();
        this.memory = settings.deduplicationWindow().toMillis();
    }

    void run() {
        events.exposures().values().forEach(this::findRepeatedExposures);
        Map<IdHash, List<LoggedClick>> byId = new HashMap<>();
        for (LoggedClick click : events.clicks()) {
            if (settings.actions().contains(click.action())) {
                byId.computeIfAbsent(click.click(), id -> new ArrayList<>(1)).add(click);
            }
        }
        byId.forEach(this::settleId);
        for (LoggedClick click : events.clicks()) {
            example(click).ifPresent(example -> attributed
                    .computeIfAbsent(click.pair(), pair -> new ArrayList<>(1))
                    .add(new Attributed(click, example)));
        }
        events.clicks().forEach(this::judge);
        attributed.forEach(this::judgeActions);
        events.exposures().forEach(this::judgeExposures);
    }

    private void findRepeatedExposures(List<LoggedExposure> ofPair) {
        Map<IdHash, List<LoggedExposure>> holders = new HashMap<>();
        for (LoggedExposure exposure : ofPair) {
            List<LoggedExposure> before = holders.computeIfAbsent(exposure.id(), id -> new ArrayList<>(1));
            boolean mayBeRepeat = false;
            boolean mayBeNew = before.isEmpty() || isForgotten(exposure.user());
            for (LoggedExposure holder : before) {
                // closed at the end of its window, it goes one timer later
                long due = holder.time() + memory + 2;
                mayBeNew |= clock.latestAtExposure(exposure.reached()) >= due;
                mayBeRepeat |= isForgotten(exposure.user())
                        || !SettledTimeBounds.hasRunAt(
                                clock.earliestAtExposure(exposure.reached()),
                                due,
                                clock.latestAtExposure(holder.reached()));
            }
            note(repeatedExposures, exposure.offset(), mayBeNew, mayBeRepeat);
            remember(before, exposure, mayBeNew, mayBeRepeat);
        }
    }

    /** Tells repeats of one click id from new clicks, and finds the example of each. */
    private void settleId(IdHash id, List<LoggedClick> same) {
        List<LoggedExample> made = new ArrayList<>(examples.clicked().getOrDefault(id, List.of()));
        List<LoggedClick> holders = new ArrayList<>(1);
        for (LoggedClick click : same) {
            boolean mayBeRepeat = false;
            boolean mayBeNew = holders.isEmpty() || isForgotten(click.user());
            for (LoggedClick holder : holders) {
                long due = holder.time() + memory + 1;
                mayBeNew |= clock.latestAtClick(click.reached()) >= due;
                mayBeRepeat |= isForgotten(click.user())
                        || !SettledTimeBounds.hasRunAt(
                                clock.earliestAtClick(click.reached()), due, clock.latestAtClick(holder.reached()));
            }
            Optional<LoggedExample> example =
                    mayBeNew ? made.stream().filter(of -> of.isOf(click)).findFirst() : Optional.empty();
            if (example.isPresent()) {
                made.remove(example.get());
                evidence.put(click.offset(), example.get());
                verdicts.explained.set(example.get().number());
                mayBeRepeat = false;
            }
            note(repeatedClicks, click.offset(), mayBeNew, mayBeRepeat);
            remember(holders, click, mayBeNew, mayBeRepeat);
        }
        for (LoggedExample extra : made) {
            sayWhyExtra(extra, same);
        }
    }

    private void sayWhyExtra(LoggedExample extra, List<LoggedClick> same) {
        for (LoggedClick click : same) {
            Optional<LoggedExample> first = example(click);
            if (extra.isOf(click) && first.isPresent()) {
                verdicts.explained.set(extra.number());
                verdicts.faults.add("click " + click.id() + " (" + places.of(click) + ") has two examples: "
                        + places.of(first.get()) + " and " + places.of(extra));
                return;
            }
        }
        // else it may be of a click behind the position; the caller knows those
    }

    private void judge(LoggedClick click) {
        if (!settings.actions().contains(click.action())) {
            verdicts.clicks.add(UNTRAINED, places.of(click));
            return;
        }
        Optional<LoggedExample> example = example(click);
        Set<String> outcomes = example.map(of -> withExample(click, of)).orElseGet(() -> withoutExample(click));
        verdicts.clicks.add(outcomes, places.of(click));
        if (!outcomes.isEmpty()) {
            return;
        }
        if (example.isEmpty()) {
            verdicts.faults.add("click " + click.id() + " (" + places.of(click)
                    + ") must have been attributed, and has no example");
        } else {
            verdicts.faults.add("the example at " + places.of(example.get()) + " says that click " + click.id() + " ("
                    + places.of(click) + ") answers an exposure of time "
                    + example.get().moment() + ", and there is none that it may answer");
        }
    }

    private Set<String> withExample(LoggedClick click, LoggedExample example) {
        Set<String> outcomes = new TreeSet<>();
        if (isClicksOnly) {
            return example.moment() == click.time() ? ATTRIBUTED : outcomes;
        }
        for (LoggedExposure exposure : shown(click)) {
            if (newness(exposure) != Newness.REPEAT
                    && answers(click, exposure)
                    && click.time() <= exposure.time() + window
                    && exposure.time() == example.moment()) {
                outcomes.add(Outcome.ATTRIBUTED.label());
            }
        }
        if (isLateLearnt && example.moment() == click.time()) {
            for (String without : unanswered(click)) {
                if (Outcome.LATE.isNamedBy(without)) {
                    outcomes.add(Outcome.LATE_ATTRIBUTED.label());
                } else if (Outcome.ORPHAN.isNamedBy(without)) {
                    outcomes.add(Outcome.ORPHAN_ATTRIBUTED.label());
                }
            }
        }
        return outcomes.equals(ATTRIBUTED) ? ATTRIBUTED : outcomes;
    }

    private Set<String> withoutExample(LoggedClick click) {
        Newness newness = repeatedClicks.getOrDefault(click.offset(), Newness.NEW);
        if (newness == Newness.REPEAT) {
            return DUPLICATE;
        }
        Set<String> outcomes = new TreeSet<>();
        if (!isClicksOnly) {
            outcomes.addAll(unanswered(click));
            if (isLateLearnt) {
                outcomes.remove(Outcome.LATE.label()); // these would have an example
                outcomes.remove(Outcome.ORPHAN.label());
            }
            if (isForgotten(click.user())) {
                outcomes.add(Outcome.ERASED.label());
            }
        }
        if (newness == Newness.EITHER) {
            outcomes.add(Outcome.DUPLICATE.label());
        }
        return outcomes;
    }

    /** The outcomes that a new click can have had other than being attributed. */
    private Set<String> unanswered(LoggedClick click) {
        Set<String> outcomes = new TreeSet<>();
        long due = click.time() + wait + 1;
        long latest = clock.latestAtClick(click.reached());
        boolean isForgotten = isForgotten(click.user());
        boolean mayMissAll = true; // no exposure that it answers was there while it waited
        boolean mayOutliveAll = true; // nor is one now that all have been read
        for (LoggedExposure exposure : shown(click)) {
            if (newness(exposure) == Newness.REPEAT || !answers(click, exposure)) {
                continue;
            }
            long end = exposure.time() + window;
            if (click.time() > end || latest > end) {
                outcomes.add(Outcome.LATE.label());
            }
            if (click.time() <= end && isTaken(exposure, click)) {
                outcomes.add(Outcome.REPEATED_ACTION.label());
            }
            boolean mayBeGone =
                    isForgotten || newness(exposure) == Newness.EITHER || latest >= exposure.time() + memory + 2;
            mayMissAll &= mayBeGone || clock.latestAtExposure(exposure.reached()) >= due;
            mayOutliveAll &= mayBeGone;
        }
        if (mayMissAll && clock.mayHaveRun(due)) {
            outcomes.addAll(waitEnded(click, due, latest));
        }
        if (mayOutliveAll && !clock.hasRun(due, latest)) {
            outcomes.add(BookTotals.WAITING);
        }
        return outcomes;
    }

    /** What a click is called whose wait ended: late if an exposure of the item before it was still known, else an orphan. */
    private Set<String> waitEnded(LoggedClick click, long due, long latest) {
        boolean mayBeKnown = false;
        boolean isKnown = false;
        for (LoggedExposure exposure : shown(click)) {
            if (exposure.time() > click.time()
                    || newness(exposure) == Newness.REPEAT
                    || answers(click, exposure)) { // those it missed
                continue;
            }
            long gone = exposure.time() + memory + 2;
            long latestThen = clock.latestAtExposure(exposure.reached());
            mayBeKnown |= isForgotten(click.user())
                    || !SettledTimeBounds.hasRunAt(clock.earliestAtClick(click.reached()), gone, latestThen);
            isKnown |= !isForgotten(click.user())
                    && newness(exposure) == Newness.NEW
                    && latestThen < due
                    && gone >= Math.max(due, latest);
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

    /** Whether the click could be attributed to that exposure, or come late for it. */
    private boolean answers(LoggedClick click, LoggedExposure exposure) {
        return click.exposure().isPresent()
                ? click.exposure().get().equals(exposure.id())
                : exposure.time() <= click.time() && click.time() <= exposure.time() + window;
    }

    /** Whether another click's example can have taken the same action on that exposure before. */
    private boolean isTaken(LoggedExposure exposure, LoggedClick click) {
        return attributed.getOrDefault(click.pair(), List.of()).stream()
                .anyMatch(other -> other.example.moment() == exposure.time()
                        && other.click.action().equals(click.action())
                        && answers(other.click, exposure)
                        && (other.click.offset() < click.offset()
                                // both may have waited, and are answered in the order of their ids
                                || Arrays.compareUnsigned(
                                                other.click.id().getBytes(UTF_8),
                                                click.id().getBytes(UTF_8))
                                        < 0));
    }

    /** An action counts once an exposure: there may be no more examples of it than exposures of that moment. */
    private void judgeActions(IdHash pair, List<Attributed> all) {
        if (isClicksOnly || all.size() < 2) {
            return;
        }
        Map<String, List<Attributed>> sameAction = new TreeMap<>();
        for (Attributed one : all) {
            boolean isPerhapsOfNone = isLateLearnt && one.example.moment() == one.click.time();
            if (!isPerhapsOfNone) {
                sameAction
                        .computeIfAbsent(one.click.action() + one.example.moment(), key -> new ArrayList<>(1))
                        .add(one);
            }
        }
        sameAction.values().forEach(same -> {
            long exposures = events.exposures().getOrDefault(pair, List.of()).stream()
                    .filter(exposure ->
                            exposure.time() == same.get(0).example.moment() && newness(exposure) != Newness.REPEAT)
                    .count();
            if (same.size() > 1 && same.size() > exposures) {
                verdicts.faults.add("clicks " + same.get(0).click.id() + " and "
                        + same.get(1).click.id() + " ("
                        + places.of(same.get(0).click) + " and " + places.of(same.get(1).click)
                        + ") both have an example of the same action on one exposure");
            }
        });
    }

    private void judgeExposures(IdHash pair, List<LoggedExposure> all) {
        List<Attributed> answers = isClicksOnly ? List.of() : attributed.getOrDefault(pair, List.of());
        for (LoggedExposure exposure : all) {
            Set<String> outcomes = outcomes(exposure, all, answers);
            verdicts.exposures.add(exposure.isSampled() ? sampled(exposure, outcomes) : outcomes, places.of(exposure));
        }
    }

    private Set<String> outcomes(LoggedExposure exposure, List<LoggedExposure> all, List<Attributed> answers) {
        Newness newness = newness(exposure);
        if (newness == Newness.REPEAT) {
            return DUPLICATE;
        }
        Set<String> outcomes = new TreeSet<>();
        if (newness == Newness.EITHER) {
            outcomes.add(Outcome.DUPLICATE.label());
        }
        long due = exposure.time() + window + 1;
        if (clock.mayHaveRun(due)) {
            outcomes.addAll(clicked(exposure, all, answers));
        }
        if (!clock.hasRun(due, clock.latestAtExposure(exposure.reached()))) {
            outcomes.add(BookTotals.WAITING);
        }
        if (isForgotten(exposure.user())) {
            outcomes.add(Outcome.ERASED.label());
            outcomes.addAll(Set.of(
                    Outcome.CLICKED.label(),
                    Outcome.UNCLICKED.label())); // which of two of one id was answered cannot be told
        }
        return outcomes;
    }

    /**
     * What is left of an exposure's outcomes, given that it has an example if it ended without a click. One that waits by the books may
     * have ended since.
     */
    private Set<String> sampled(LoggedExposure exposure, Set<String> outcomes) {
        if (newness(exposure) == Newness.REPEAT) {
            return outcomes;
        }
        List<LoggedExample> found = examples.unclicked().getOrDefault(exposure.id(), List.of()).stream()
                .filter(of -> of.moment() == exposure.time())
                .toList();
        if (newness(exposure) == Newness.EITHER || isForgotten(exposure.user())) {
            found.forEach(of -> verdicts.explained.set(of.number())); // there may be one of each time it was new
            return outcomes;
        }
        Optional<LoggedExample> example = found.stream().findFirst();
        example.ifPresent(of -> verdicts.explained.set(of.number()));
        if (example.isPresent() && outcomes.contains(BookTotals.WAITING)) {
            return outcomes;
        }
        if (example.isPresent()) {
            if (!outcomes.contains(UNCLICKED)) {
                verdicts.faults.add("the example at " + places.of(example.get()) + " says that the exposure at "
                        + places.of(exposure) + " was not clicked, and it was");
                return outcomes;
            }
            return Set.of(UNCLICKED);
        }
        if (outcomes.equals(Set.of(UNCLICKED))) {
            verdicts.faults.add("the exposure at " + places.of(exposure)
                    + " ended without a click, is sampled, and has no example");
            return outcomes;
        }
        Set<String> others = new TreeSet<>(outcomes);
        others.remove(UNCLICKED);
        return others;
    }

    private Set<String> clicked(LoggedExposure exposure, List<LoggedExposure> all, List<Attributed> answers) {
        boolean isAnswered = false;
        boolean mayBeAnswered = false;
        for (Attributed answer : answers) {
            if (answer.example.moment() != exposure.time() || !answers(answer.click, exposure)) {
                continue;
            }
            boolean isLate = isLateLearnt && answer.example.moment() == answer.click.time();
            boolean isAlone = newness(exposure) == Newness.NEW
                    && all.stream()
                                    .filter(other -> newness(other) != Newness.REPEAT
                                            && other.time() == exposure.time()
                                            && answers(answer.click, other))
                                    .count()
                            == 1;
            isAnswered |= isAlone && !isLate;
            mayBeAnswered = true;
        }
        if (isAnswered) {
            return Set.of(Outcome.CLICKED.label());
        }
        return mayBeAnswered
                ? Set.of(Outcome.CLICKED.label(), Outcome.UNCLICKED.label())
                : Set.of(Outcome.UNCLICKED.label());
    }

    private List<LoggedExposure> shown(LoggedClick click) {
        return events.exposures().getOrDefault(click.pair(), List.of());
    }

    private Optional<LoggedExample> example(LoggedClick click) {
        return Optional.ofNullable(evidence.get(click.offset()));
    }

    private Newness newness(LoggedExposure exposure) {
        return repeatedExposures.getOrDefault(exposure.offset(), Newness.NEW);
    }

    private boolean isForgotten(IdHash user) {
        return events.forgotten().contains(user);
    }

    private static void note(Map<Long, Newness> repeated, long offset, boolean mayBeNew, boolean mayBeRepeat) {
        if (mayBeRepeat) {
            repeated.put(offset, mayBeNew ? Newness.EITHER : Newness.REPEAT);
        }
    }

    /** Who may hold the id behind this event. */
    private static <E> void remember(List<E> holders, E event, boolean mayBeNew, boolean mayBeRepeat) {
        if (!mayBeNew) {
            return;
        }
        if (!mayBeRepeat) {
            holders.clear();
        }
        holders.add(event);
    }
}
