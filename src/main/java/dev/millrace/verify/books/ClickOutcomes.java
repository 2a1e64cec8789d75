package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.verify.books.RepeatedIds.Newness;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Works out which outcomes each click of a partition can have had. */
final class ClickOutcomes {

    private static final Set<String> ATTRIBUTED = Set.of(Outcome.ATTRIBUTED.label());
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
            return example.featureTime() == click.time() ? ATTRIBUTED : Set.of();
        }
        Set<String> outcomes = new TreeSet<>();
        for (LoggedExposure exposure : input.exposuresOf(click)) {
            if (ids.newness(exposure) != Newness.REPEAT
                    && rules.answers(click, exposure)
                    && click.time() <= rules.windowEnd(exposure)
                    && exposure.time() == example.featureTime()) {
                outcomes.add(Outcome.ATTRIBUTED.label());
            }
        }
        if (rules.mayBeLate(click, example)) {
            Set<String> without = unanswered(click);
            if (without.contains(Outcome.LATE.label())) {
                outcomes.add(Outcome.LATE_ATTRIBUTED.label());
            }
            if (without.contains(Outcome.ORPHAN.label())) {
                outcomes.add(Outcome.ORPHAN_ATTRIBUTED.label());
            }
        }
        return outcomes;
    }

    private Set<String> withoutExample(LoggedClick click) {
        Newness newness = ids.newness(click);
        if (newness == Newness.REPEAT) {
            return DUPLICATE;
        }
        Set<String> outcomes = new TreeSet<>();
        if (!rules.isClicksOnly()) {
            outcomes.addAll(unanswered(click));
            if (rules.isLateLearnt()) {
                outcomes.remove(Outcome.LATE.label()); // these would have an example
                outcomes.remove(Outcome.ORPHAN.label());
            }
            if (input.isForgotten(click.user())) {
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
        long due = rules.waitEnd(click);
        long latest = input.latestAt(click);
        boolean isForgotten = input.isForgotten(click.user());
        boolean mayMissAll = true; // no exposure that it answers was there while it waited
        boolean mayOutliveAll = true; // nor is one now that all have been read
        for (LoggedExposure exposure : input.exposuresOf(click)) {
            if (ids.newness(exposure) == Newness.REPEAT || !rules.answers(click, exposure)) {
                continue;
            }
            long windowEnd = rules.windowEnd(exposure);
            if (click.time() > windowEnd || latest > windowEnd) {
                outcomes.add(Outcome.LATE.label());
            }
            if (click.time() <= windowEnd && attributed.isTaken(exposure, click)) {
                outcomes.add(Outcome.REPEATED_ACTION.label());
            }
            boolean mayBeGone =
                    isForgotten || ids.newness(exposure) == Newness.EITHER || latest >= rules.forgottenAt(exposure);
            mayMissAll &= mayBeGone || input.latestAt(exposure) >= due;
            mayOutliveAll &= mayBeGone;
        }
        if (mayMissAll && times.mayHaveRun(due)) {
            outcomes.addAll(afterTheWait(click, due, latest));
        }
        if (mayOutliveAll && !times.hasRun(due, latest)) {
            outcomes.add(BookTotals.WAITING);
        }
        return outcomes;
    }

    /** A click whose wait ended is late if an earlier exposure of the item was still known, else an orphan. */
    private Set<String> afterTheWait(LoggedClick click, long due, long latest) {
        boolean isForgotten = input.isForgotten(click.user());
        boolean mayBeKnown = false;
        boolean isKnown = false;
        for (LoggedExposure exposure : input.exposuresOf(click)) {
            if (exposure.time() > click.time()
                    || ids.newness(exposure) == Newness.REPEAT
                    || rules.answers(click, exposure)) { // those that it missed
                continue;
            }
            long forgottenAt = rules.forgottenAt(exposure);
            long latestThen = input.latestAt(exposure);
            mayBeKnown |= isForgotten || !SettledTimeBounds.hasRunAt(input.earliestAt(click), forgottenAt, latestThen);
            isKnown |= !isForgotten
                    && ids.newness(exposure) == Newness.NEW
                    && latestThen < due
                    && forgottenAt >= Math.max(due, latest);
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
