package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.verify.books.RepeatedIds.Newness;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Works out which outcomes each exposure of a partition can have had. */
final class ExposureOutcomes {

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
            Set<String> outcomes = outcomes(exposure, all, answers);
            verdicts.exposures()
                    .add(
                            exposure.isSampled() ? givenExample(exposure, outcomes) : outcomes,
                            input.topics().addressOf(exposure));
        }
    }

    private Set<String> outcomes(
            LoggedExposure exposure, List<LoggedExposure> all, List<AttributedClicks.Attributed> answers) {
        Newness newness = ids.newness(exposure);
        if (newness == Newness.REPEAT) {
            return DUPLICATE;
        }
        Set<String> outcomes = new TreeSet<>();
        if (newness == Newness.EITHER) {
            outcomes.add(Outcome.DUPLICATE.label());
        }
        long due = input.rules().windowEnd(exposure) + 1;
        if (input.times().mayHaveRun(due)) {
            outcomes.addAll(clicked(exposure, all, answers));
        }
        if (!input.times().hasRun(due, input.latestAt(exposure))) {
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
            LoggedExposure exposure, List<LoggedExposure> all, List<AttributedClicks.Attributed> answers) {
        boolean isAnswered = false;
        boolean mayBeAnswered = false;
        for (AttributedClicks.Attributed answer : answers) {
            if (answer.example().featureTime() != exposure.time()
                    || !input.rules().answers(answer.click(), exposure)) {
                continue;
            }
            boolean mayBeLate = input.rules().mayBeLate(answer.click(), answer.example());
            isAnswered |= !mayBeLate && isAlone(exposure, all, answer.click());
            mayBeAnswered = true;
        }
        if (isAnswered) {
            return CLICKED;
        }
        return mayBeAnswered ? CLICKED_OR_NOT : ONLY_UNCLICKED;
    }

    /** Returns true if the click can have answered no other exposure of that time. */
    private boolean isAlone(LoggedExposure exposure, List<LoggedExposure> all, LoggedClick click) {
        return ids.newness(exposure) == Newness.NEW
                && all.stream()
                                .filter(other -> ids.newness(other) != Newness.REPEAT
                                        && other.time() == exposure.time()
                                        && input.rules().answers(click, other))
                                .count()
                        == 1;
    }

    /**
     * What is left of a sampled exposure's outcomes: it has an example exactly if it ended without a click. One that waits by the
     * books may have ended since.
     */
    private Set<String> givenExample(LoggedExposure exposure, Set<String> outcomes) {
        if (ids.newness(exposure) == Newness.REPEAT) {
            return outcomes;
        }
        List<LoggedExample> found = input.examples().unclicked().getOrDefault(exposure.id(), List.of()).stream()
                .filter(example -> example.featureTime() == exposure.time())
                .toList();
        if (ids.newness(exposure) == Newness.EITHER || input.isForgotten(exposure.user())) {
            found.forEach(verdicts::explain); // there may be one of each time it was new
            return outcomes;
        }
        Optional<LoggedExample> example = found.stream().findFirst();
        example.ifPresent(verdicts::explain);
        return example.map(of -> withExample(exposure, of, outcomes))
                .orElseGet(() -> withoutExample(exposure, outcomes));
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

    private Set<String> withoutExample(LoggedExposure exposure, Set<String> outcomes) {
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
