package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.verify.books.RepeatedIds.Newness;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Works out which outcomes each click of a partition can have had. */
final class ClickOutcomes {

    private static final Set<String> DUPLICATE = Set.of(Outcome.DUPLICATE.label());
    private static final Set<String> UNTRAINED = Set.of(Outcome.UNTRAINED_ACTION.label());

    private final JoinInput input;
    private final JoinRules rules;
    private final SettledTimeBounds times;
    private final RepeatedIds ids;
    private final AttributedClicks attributed;
    private final JoinVerdicts verdicts;
    private final Map<Set<String>, Set<String>> shared = new HashMap<>();

    ClickOutcomes(JoinInput input, RepeatedIds ids, AttributedClicks attributed, JoinVerdicts verdicts) {
        this.input = input;
        this.rules = input.rules();
        this.times = input.times();
        this.ids = ids;
        this.attributed = attributed;
        this.verdicts = verdicts;
    }

    /** Adds all clicks to the verdicts, in their order; one that can have had no outcome is a fault. */
    void judgeAll() {
        List<LoggedClick> clicks = input.events().clicks();
        List<Set<String>> outcomes = new ArrayList<>(Collections.nCopies(clicks.size(), UNTRAINED));
        placesByPair(clicks).forEach((pair, places) -> {
            PairTimeline timeline = new PairTimeline(input, ids, pair, attributed);
            for (int place : places) {
                outcomes.set(place, shared(outcomes(clicks.get(place), timeline)));
            }
        });
        for (int place = 0; place < clicks.size(); place++) {
            LoggedClick click = clicks.get(place);
            verdicts.clicks().add(outcomes.get(place), input.topics().addressOf(click));
            if (outcomes.get(place).isEmpty()) {
                ids.exampleOf(click).ifPresentOrElse(of -> reportWrong(click, of), () -> reportMissing(click));
            }
        }
    }

    /** Places of the clicks whose actions make examples, by user and item, so that there is one timeline at a time. */
    private Map<IdHash, List<Integer>> placesByPair(List<LoggedClick> clicks) {
        Map<IdHash, List<Integer>> places = new HashMap<>();
        for (int place = 0; place < clicks.size(); place++) {
            LoggedClick click = clicks.get(place);
            if (rules.actions().contains(click.action())) {
                places.computeIfAbsent(click.pair(), pair -> new ArrayList<>(1)).add(place);
            }
        }
        return places;
    }

    /** One set for all that are equal. */
    private Set<String> shared(Set<String> outcomes) {
        return shared.computeIfAbsent(outcomes, same -> same);
    }

    private Set<String> outcomes(LoggedClick click, PairTimeline timeline) {
        return ids.exampleOf(click)
                .map(example -> withExample(click, example, timeline))
                .orElseGet(() -> withoutExample(click, timeline));
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

    private Set<String> withExample(LoggedClick click, LoggedExample example, PairTimeline timeline) {
        if (rules.isClicksOnly()) {
            return example.featureTime() == click.time()
                    ? Set.of(rules.labelWithExample(click, Outcome.ATTRIBUTED))
                    : Set.of();
        }
        Set<String> outcomes = new TreeSet<>();
        if (timeline.hasOpen(click, example.featureTime())) {
            outcomes.add(rules.labelWithExample(click, Outcome.ATTRIBUTED));
        }
        if (rules.mayBeLate(click, example)) {
            Set<String> without = unanswered(click, timeline);
            if (without.contains(Outcome.LATE.label())) {
                outcomes.add(rules.labelWithExample(click, Outcome.LATE_ATTRIBUTED));
            }
            if (without.contains(Outcome.ORPHAN.label())) {
                outcomes.add(rules.labelWithExample(click, Outcome.ORPHAN_ATTRIBUTED));
            }
        }
        return outcomes;
    }

    private Set<String> withoutExample(LoggedClick click, PairTimeline timeline) {
        Newness newness = ids.newness(click);
        if (newness == Newness.REPEAT) {
            return DUPLICATE;
        }
        Set<String> outcomes = new TreeSet<>();
        boolean makesExample = rules.isClicksOnly() || timeline.hasOpen(click); // unless it is capped
        if (!rules.isClicksOnly()) {
            outcomes.addAll(unanswered(click, timeline));
            if (rules.isLateLearnt()) {
                makesExample |= outcomes.remove(Outcome.LATE.label());
                makesExample |= outcomes.remove(Outcome.ORPHAN.label());
            }
            if (input.isForgotten(click.user())) {
                outcomes.add(Outcome.ERASED.label());
            }
        }
        if (makesExample && input.mayBeCapped(click)) {
            outcomes.add(Outcome.CAPPED.label());
        }
        if (newness == Newness.EITHER) {
            outcomes.add(Outcome.DUPLICATE.label());
        }
        return outcomes;
    }

    /** The outcomes that a new click can have had other than being attributed. */
    private Set<String> unanswered(LoggedClick click, PairTimeline timeline) {
        Set<String> outcomes = new TreeSet<>();
        ClockBounds.Range due = input.endOfWait(click);
        long latest = input.latestAt(click);
        Optional<Long> first = timeline.firstAnswered(click);
        if (first.isPresent() && Math.max(click.time(), latest) > first.get() + rules.windowMillis()) {
            outcomes.add(Outcome.LATE.label());
        }
        if (timeline.isTaken(click)) {
            outcomes.add(Outcome.REPEATED_ACTION.label());
        }
        // of an exposure that it answers and that was still known: when it came, at most
        long stillThere = input.isForgotten(click.user())
                ? PairTimeline.NONE
                : timeline.latestOfNewAnswered(click, rules.knownSince(latest));
        boolean mayMissAll = stillThere >= due.earliest(); // none was there while it waited
        boolean mayOutliveAll = stillThere == PairTimeline.NONE; // nor is one now that all have been read
        if (mayMissAll && times.mayHaveRun(due)) {
            outcomes.addAll(afterTheWait(click, due, timeline));
        }
        if (mayOutliveAll && !times.hasRun(due)) {
            outcomes.add(BookTotals.WAITING);
        }
        return outcomes;
    }

    /** A click whose wait ended is late if an earlier exposure of the item was still known, else an orphan. */
    private Set<String> afterTheWait(LoggedClick click, ClockBounds.Range due, PairTimeline timeline) {
        boolean isForgotten = input.isForgotten(click.user());
        boolean mayBeKnown =
                isForgotten ? timeline.hasMissed(click) : timeline.mayKnowMissed(click, input.cursorAt(click));
        boolean isKnown =
                !isForgotten && timeline.latestOfNewMissed(click, rules.knownSince(due.latest() - 1)) < due.earliest();
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
