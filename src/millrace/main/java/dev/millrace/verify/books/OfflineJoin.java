package dev.millrace.verify.books;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.state.Outcome;
import dev.millrace.verify.books.ClockBounds.Range;
import dev.millrace.verify.books.ExampleLog.LoggedExample;
import dev.millrace.verify.books.ExampleLog.Origin;
import dev.millrace.verify.books.UserPartition.LoggedClick;
import dev.millrace.verify.books.UserPartition.LoggedEvent;
import dev.millrace.verify.books.UserPartition.LoggedExposure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What must have become of every exposure and click of one user partition, given the training examples.
 *
 * <p>Nothing of the attribution's code is used; its settings are. The rules are in docs/topics.md, section Outcomes.
 */
final class OfflineJoin {

    /*
     * Evidence. An example says that its click was attributed, and to an exposure of which time. That comes first; the rest
     * is worked out for every order in which the two topics, and the tombstones of `users`, can have been read.
     * SettledTimeBounds says what is known of event time at an event, whatever the order.
     *
     * Order of the steps. (1) Which events repeat an id, and the example of each click. (2) User by user and item by item: which
     * exposures are taken, and the outcomes of each click and each exposure.
     *
     * Invariant. Each event is added to the verdicts once, with the set of the outcomes that some order explains. An empty
     * set is a fault.
     *
     * Cost. n log n of the events of one user and item, or of one id; a click without an example also passes over the exposures of its pair
     * within its window. 1,000,000 events of one user and item, or of one id: OfflineJoinTest. Memory: the events of one partition. One thread.
     */

    /**
     * What the join found, over all partitions.
     *
     * @param exposures by the outcomes that each can have had
     * @param clicks by the outcomes that each can have had
     * @param secondExamples clicks with two examples: faults even where the beginning of a topic is gone
     * @param faults what else no order of reading explains
     * @param explained numbers of the examples whose click or exposure was found
     * @param experiments the latest experiment by partition, of those that have one
     */
    record Verdicts(
            PossibleOutcomes exposures,
            PossibleOutcomes clicks,
            List<String> secondExamples,
            List<String> faults,
            BitSet explained,
            SortedMap<Integer, ExperimentRecount> experiments) {

        Verdicts() {
            this(
                    new PossibleOutcomes(),
                    new PossibleOutcomes(),
                    new ArrayList<>(),
                    new ArrayList<>(),
                    new BitSet(),
                    new TreeMap<>());
        }

        /** Returns true if these books can be right. */
        boolean explain(BooksSnapshot.Totals ofExposures, BooksSnapshot.Totals ofClicks) {
            return secondExamples.isEmpty()
                    && faults.isEmpty()
                    && exposures.fits(ofExposures.outcomes())
                    && clicks.fits(ofClicks.outcomes());
        }
    }

    /** Whether the id of an event was remembered when the event came. */
    private enum Newness {
        NEW,
        REPEAT,
        /** The id may have been forgotten by then, or not. An example settles it, as a repeat has none. */
        EITHER
    }

    private static final String WAITING = BooksSnapshot.Totals.WAITING;
    private static final Set<String> DUPLICATE = Set.of(Outcome.DUPLICATE.label());
    private static final Set<String> UNTRAINED = Set.of(Outcome.UNTRAINED_ACTION.label());
    private static final Set<String> CLICKED = Set.of(Outcome.CLICKED.label());
    private static final Set<String> UNCLICKED = Set.of(Outcome.UNCLICKED.label());
    private static final Set<String> CLICKED_OR_NOT = Set.of(Outcome.CLICKED.label(), Outcome.UNCLICKED.label());

    /** Clicks that wait are answered in the order of their ids, as bytes. */
    private static final Comparator<LoggedClick> BY_ID =
            Comparator.comparing(click -> click.text().getBytes(UTF_8), Arrays::compareUnsigned);

    private final UserPartition partition;
    private final Map<Origin, List<LoggedExample>> examples;
    private final ExampleAmounts amounts;
    private final AttributionSettings settings;
    private final SettledTimeBounds times;
    private final Verdicts verdicts;

    private final IdentityHashMap<LoggedEvent, Newness> newness =
            new IdentityHashMap<>(); // of the few that are not new for certain
    private final IdentityHashMap<LoggedClick, LoggedExample> exampleByClick = new IdentityHashMap<>();
    private final Set<LoggedClick> mayBeRepeated = Collections.newSetFromMap(new IdentityHashMap<>());

    /**
     * @param examples of all partitions, those of one origin in the order of their offsets
     * @param verdicts to add to
     */
    OfflineJoin(
            UserPartition partition,
            Map<Origin, List<LoggedExample>> examples,
            ExampleAmounts amounts,
            SettledTimeBounds times,
            Verdicts verdicts) {
        this.partition = partition;
        this.examples = examples;
        this.amounts = amounts;
        this.settings = times.settings();
        this.times = times;
        this.verdicts = verdicts;
    }

    /** Judges all events of the partition. */
    void run() {
        doubtAmountsOfLateUsers();
        partition.exposures().values().forEach(this::tellRepeatedExposures);
        List<LoggedClick> trained = new ArrayList<>();
        for (LoggedClick click : partition.clicks()) {
            if (settings.actions().contains(click.action())) {
                trained.add(click);
            } else {
                verdicts.clicks().add(UNTRAINED, partition.addressOf(click));
            }
        }
        tellRepeatedClicks(trained);
        Map<IdHash, List<LoggedClick>> byPair = new LinkedHashMap<>();
        trained.forEach(click ->
                byPair.computeIfAbsent(click.pair(), pair -> new ArrayList<>(1)).add(click));
        partition.exposures().forEach((pair, shown) -> judge(shown, byPair.getOrDefault(pair, List.of())));
        byPair.keySet().removeAll(partition.exposures().keySet());
        byPair.values().forEach(unseen -> judge(List.of(), unseen));
        partition.latestExperiment().ifPresent(latest -> verdicts.experiments()
                .put(partition.number(), recount(trained)));
    }

    /**
     * An example far behind event time counts as of a later time than its own, which depends on the order of reading. So what such a user's examples counted lies
     * between bounds.
     */
    private void doubtAmountsOfLateUsers() {
        Stream.concat(partition.exposures().values().stream().flatMap(List::stream), partition.clicks().stream())
                .filter(event -> event.time()
                        < times.at(event).latest() - settings.window().toMillis())
                .filter(event -> examples.containsKey(event.origin()))
                .forEach(event -> amounts.doubt(event.user()));
    }

    /** Exposures of one user and item at one time. */
    private record Moment(IdHash pair, long time) {}

    private ExperimentRecount recount(List<LoggedClick> trained) {
        ExperimentRecount recount = new ExperimentRecount(partition);
        Map<Moment, List<LoggedExposure>> shown = new HashMap<>();
        partition.exposures().values().stream()
                .flatMap(List::stream)
                .filter(exposure -> newness(exposure) != Newness.REPEAT)
                .sorted(Comparator.comparingLong(LoggedExposure::offset))
                .forEach(exposure -> {
                    recount.expose(exposure, newness(exposure) == Newness.NEW);
                    shown.computeIfAbsent(new Moment(exposure.pair(), exposure.time()), none -> new ArrayList<>(1))
                            .add(exposure);
                });
        for (LoggedClick click : trained) {
            exampleOf(click).ifPresent(example -> {
                List<LoggedExposure> answered =
                        shown.getOrDefault(new Moment(click.pair(), example.featureTime()), List.of()).stream()
                                .filter(exposure -> click.exposure()
                                        .map(exposure.id()::equals)
                                        .orElse(true))
                                .toList();
                boolean isCertain = !mayBeLate(click, example)
                        && answered.stream().allMatch(exposure -> newness(exposure) == Newness.NEW);
                recount.act(click, answered, isCertain);
            });
        }
        return recount;
    }

    private boolean isClicksOnly() {
        return settings.mode() == AttributionSettings.Mode.CLICKS_ONLY;
    }

    private Newness newness(LoggedEvent event) {
        return newness.getOrDefault(event, Newness.NEW);
    }

    private Optional<LoggedExample> exampleOf(LoggedClick click) {
        return Optional.ofNullable(exampleByClick.get(click));
    }

    private void tellRepeatedExposures(List<LoggedExposure> ofPair) {
        Map<IdHash, Range> held = new HashMap<>();
        ofPair.forEach(exposure -> note(held, exposure, newness(held, exposure)));
    }

    /** Also finds the example of each click: the next one of its origin, if it counts what the click's weight makes it count. */
    private void tellRepeatedClicks(List<LoggedClick> clicks) {
        Map<IdHash, Range> held = new HashMap<>();
        Map<Origin, Integer> found = new HashMap<>();
        for (LoggedClick click : clicks) {
            Newness isNew = newness(held, click);
            List<LoggedExample> made = examples.getOrDefault(click.origin(), List.of());
            int next = made.size() == 1 ? (isExplained(made.get(0)) ? 1 : 0) : found.getOrDefault(click.origin(), 0);
            if (isNew != Newness.REPEAT && next < made.size() && amounts.mayMake(made.get(next), click.weight())) {
                isNew = Newness.NEW;
                if (made.size() > 1) {
                    found.put(click.origin(), next + 1);
                }
                exampleByClick.put(click, made.get(next));
                explain(made.get(next));
            }
            note(held, click, isNew);
        }
        for (LoggedClick click : clicks) {
            List<LoggedExample> made = examples.getOrDefault(click.origin(), List.of());
            Optional<LoggedExample> own = exampleOf(click);
            if (made.size() > 1 && own.isPresent()) {
                int first = Optional.ofNullable(found.put(click.origin(), made.size()))
                        .orElse(made.size());
                made.subList(first, made.size()).forEach(second -> reportSecond(click, own.get(), second));
            }
        }
    }

    private void reportSecond(LoggedClick click, LoggedExample own, LoggedExample second) {
        explain(second);
        verdicts.secondExamples()
                .add("%s has two examples: %s and %s"
                        .formatted(named(click), partition.addressOf(own), partition.addressOf(second)));
    }

    /** @param held by id: settled time at which the first of its events that may hold it is forgotten, and by which the last is */
    private Newness newness(Map<IdHash, Range> held, LoggedEvent event) {
        Range of = held.get(event.id());
        Range now = times.at(event);
        if (of == null) {
            return Newness.NEW;
        }
        if (partition.isForgotten(event.user())) {
            return Newness.EITHER;
        }
        if (now.latest() < of.earliest()) {
            return Newness.REPEAT;
        }
        return now.earliest() < of.latest() ? Newness.EITHER : Newness.NEW;
    }

    /** An event that is new for certain is the only one that can hold the id from there on. */
    private void note(Map<IdHash, Range> held, LoggedEvent event, Newness isNew) {
        Range forgetting = times.forgetting(event);
        switch (isNew) {
            case NEW -> held.put(event.id(), forgetting);
            case EITHER -> held.merge(event.id(), forgetting, Range::spanning);
            case REPEAT -> {}
        }
        if (isNew != Newness.NEW) {
            newness.put(event, isNew);
        }
    }

    private void fault(String text) {
        verdicts.faults().add(text);
    }

    private String named(LoggedClick click) {
        return "click " + click.text() + " (" + partition.addressOf(click) + ")";
    }

    private boolean isExplained(LoggedExample example) {
        return verdicts.explained().get(example.number());
    }

    private void explain(LoggedExample example) {
        verdicts.explained().set(example.number());
    }

    /** Judges the events of one user and item. */
    private void judge(List<LoggedExposure> exposures, List<LoggedClick> clicks) {
        PairTimeline timeline = new PairTimeline(
                exposures.stream()
                        .filter(exposure -> newness(exposure) != Newness.REPEAT)
                        .toList(),
                exposure -> newness(exposure) == Newness.NEW,
                times,
                settings.window().toMillis());
        if (!isClicksOnly()) {
            List<LoggedClick> inOrderOfIds = new ArrayList<>(clicks);
            inOrderOfIds.sort(BY_ID);
            for (List<LoggedClick> inOrder : List.of(clicks, inOrderOfIds)) {
                timeline.clearTaken();
                inOrder.forEach(click -> take(click, timeline));
            }
            findRepeatedActions(clicks, timeline);
        }
        clicks.forEach(click -> judge(click, timeline));
        for (LoggedExposure exposure : exposures) {
            Set<String> outcomes = outcomes(exposure, timeline);
            verdicts.exposures()
                    .add(
                            exposure.isSampled() && newness(exposure) != Newness.REPEAT
                                    ? givenExample(exposure, outcomes)
                                    : outcomes,
                            partition.addressOf(exposure));
        }
    }

    /** Takes a click's action on what it answered, or may have; notes if a click before it may have taken that already. */
    private void take(LoggedClick click, PairTimeline timeline) {
        if (timeline.isTaken(click)) {
            mayBeRepeated.add(click);
        }
        Optional<LoggedExample> example = exampleOf(click);
        if (example.isPresent()) {
            timeline.take(click, example.get().featureTime(), !mayBeLate(click, example.get()));
        } else if (newness(click) != Newness.REPEAT && mayBeCapped(click)) {
            timeline.takeAny(click);
        }
    }

    /** An action counts once an exposure: finds more examples of one action than there are exposures of that time. */
    private void findRepeatedActions(List<LoggedClick> clicks, PairTimeline timeline) {
        Map<Map.Entry<String, Long>, List<LoggedClick>> same = new LinkedHashMap<>();
        for (LoggedClick click : clicks) {
            exampleOf(click).filter(example -> !mayBeLate(click, example)).ifPresent(example -> same.computeIfAbsent(
                            Map.entry(click.action(), example.featureTime()), of -> new ArrayList<>(1))
                    .add(click));
        }
        same.forEach((of, all) -> {
            if (all.size() > 1 && all.size() > timeline.count(of.getValue())) {
                fault("%s and %s both have an example of the same action on one exposure"
                        .formatted(named(all.get(0)), named(all.get(1))));
            }
        });
    }

    /** Returns true if the example may be of a late click or an orphan: it has the features of the click's own moment. */
    private boolean mayBeLate(LoggedClick click, LoggedExample example) {
        return isLateLearnt() && example.featureTime() == click.time();
    }

    private boolean isLateLearnt() {
        return settings.late() == AttributionSettings.Late.POSITIVE;
    }

    private boolean mayBeCapped(LoggedClick click) {
        return amounts.mayBeCapped(true, click.user(), click.pair(), click.weight(), click.time());
    }

    private void judge(LoggedClick click, PairTimeline timeline) {
        Optional<LoggedExample> example = exampleOf(click);
        Set<String> outcomes =
                example.map(of -> withExample(click, of, timeline)).orElseGet(() -> withoutExample(click, timeline));
        verdicts.clicks().add(outcomes, partition.addressOf(click));
        if (outcomes.isEmpty()) {
            fault(example.map(of ->
                            "the example at %s says that %s answers an exposure of time %s, and there is none that it may answer"
                                    .formatted(partition.addressOf(of), named(click), of.featureTime()))
                    .orElse(named(click) + " must have been attributed, and has no example"));
        }
    }

    private Set<String> withExample(LoggedClick click, LoggedExample example, PairTimeline timeline) {
        Set<String> without = isClicksOnly() || !mayBeLate(click, example) ? Set.of() : unanswered(click, timeline);
        Set<Outcome> outcomes = new TreeSet<>();
        add(
                outcomes,
                Outcome.ATTRIBUTED,
                isClicksOnly()
                        ? example.featureTime() == click.time()
                        : timeline.hasOpen(click, example.featureTime()));
        add(outcomes, Outcome.LATE_ATTRIBUTED, without.contains(Outcome.LATE.label()));
        add(outcomes, Outcome.ORPHAN_ATTRIBUTED, without.contains(Outcome.ORPHAN.label()));
        boolean isCut = click.weight() > settings.caps().mostWeight();
        return outcomes.stream()
                .map(outcome -> isCut ? outcome.label(Outcome.CUT_WEIGHT) : outcome.label())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Set<String> withoutExample(LoggedClick click, PairTimeline timeline) {
        if (newness(click) == Newness.REPEAT) {
            return DUPLICATE;
        }
        Set<String> outcomes = new TreeSet<>();
        boolean makesExample = isClicksOnly() || timeline.hasOpen(click); // unless it is capped
        if (!isClicksOnly()) {
            outcomes.addAll(unanswered(click, timeline));
            if (isLateLearnt()) {
                makesExample |= outcomes.remove(Outcome.LATE.label());
                makesExample |= outcomes.remove(Outcome.ORPHAN.label());
            }
            add(outcomes, Outcome.ERASED.label(), partition.isForgotten(click.user()));
        }
        add(outcomes, Outcome.CAPPED.label(), makesExample && mayBeCapped(click));
        add(outcomes, Outcome.DUPLICATE.label(), newness(click) == Newness.EITHER);
        return outcomes;
    }

    private static <T> void add(Set<T> outcomes, T outcome, boolean isPossible) {
        if (isPossible) {
            outcomes.add(outcome);
        }
    }

    /** The outcomes that a new click can have had other than being attributed. */
    private Set<String> unanswered(LoggedClick click, PairTimeline timeline) {
        Set<String> outcomes = new TreeSet<>();
        boolean isForgotten = partition.isForgotten(click.user());
        Range due = times.endOfWait(click);
        Range now = times.at(click);
        long latest = Math.max(click.time(), now.latest());
        boolean isLate = timeline.firstAnswered(click)
                .filter(first -> latest > first + settings.window().toMillis())
                .isPresent();
        add(outcomes, Outcome.LATE.label(), isLate);
        add(outcomes, Outcome.REPEATED_ACTION.label(), mayBeRepeated.contains(click));
        // of an exposure that it answers and that was still known: when it came, at most
        long stillThere =
                isForgotten ? PairTimeline.NONE : timeline.latestOfNewAnswered(click, times.knownSince(now.latest()));
        boolean mayMissAll = stillThere >= due.earliest(); // none was there while it waited
        boolean mayOutliveAll = stillThere == PairTimeline.NONE; // nor is one now that all have been read
        if (mayMissAll && times.mayHaveRun(due)) { // late if an earlier exposure was still known, else an orphan
            boolean mayKnow = timeline.mayKnowMissed(click, isForgotten ? Long.MIN_VALUE : now.earliest());
            long stillBefore = timeline.latestOfNewBefore(click, times.knownSince(due.latest() - 1));
            add(outcomes, Outcome.LATE.label(), mayKnow);
            add(outcomes, Outcome.ORPHAN.label(), isForgotten || stillBefore >= due.earliest());
        }
        add(outcomes, WAITING, mayOutliveAll && !times.hasRun(due));
        return outcomes;
    }

    private Set<String> outcomes(LoggedExposure exposure, PairTimeline timeline) {
        Newness newness = newness(exposure);
        if (newness == Newness.REPEAT) {
            return DUPLICATE;
        }
        Set<String> outcomes = new TreeSet<>();
        add(outcomes, Outcome.DUPLICATE.label(), newness == Newness.EITHER);
        Range due = times.endOfWindow(exposure);
        if (times.mayHaveRun(due)) {
            boolean isClicked = newness == Newness.NEW && timeline.isAnsweredAlone(exposure);
            outcomes.addAll(isClicked ? CLICKED : timeline.mayBeAnswered(exposure) ? CLICKED_OR_NOT : UNCLICKED);
        }
        add(outcomes, WAITING, !times.hasRun(due));
        if (partition.isForgotten(exposure.user())) {
            outcomes.add(Outcome.ERASED.label());
            outcomes.addAll(CLICKED_OR_NOT); // which of two of one id was answered cannot be told
        }
        return outcomes;
    }

    /**
     * What is left of a sampled exposure's outcomes: it has an example exactly if it ended without a click and its user's
     * examples left enough for one more. One that waits by the books may have ended since.
     */
    private Set<String> givenExample(LoggedExposure exposure, Set<String> outcomes) {
        List<LoggedExample> found = examples.getOrDefault(exposure.origin(), List.of());
        if (newness(exposure) == Newness.EITHER || partition.isForgotten(exposure.user())) {
            for (int at = found.size() - 1; // there may be one of each time it was new
                    at >= 0 && !isExplained(found.get(at));
                    at--) {
                explain(found.get(at));
            }
            return outcomes;
        }
        if (!found.isEmpty()) {
            explain(found.get(0));
            if (!outcomes.contains(WAITING) && !outcomes.containsAll(UNCLICKED)) {
                fault("the example at %s says that the exposure at %s was not clicked, and it was"
                        .formatted(partition.addressOf(found.get(0)), partition.addressOf(exposure)));
                return outcomes;
            }
            return outcomes.contains(WAITING) ? outcomes : UNCLICKED;
        }
        long end = exposure.time() + settings.window().toMillis();
        if (amounts.mayBeCapped(false, exposure.user(), exposure.pair(), 1, end)) {
            return outcomes;
        }
        if (outcomes.equals(UNCLICKED)) {
            fault("the exposure at " + partition.addressOf(exposure)
                    + " ended without a click, is sampled, and has no example");
            return outcomes;
        }
        Set<String> others = new TreeSet<>(outcomes);
        others.removeAll(UNCLICKED);
        return others;
    }
}
