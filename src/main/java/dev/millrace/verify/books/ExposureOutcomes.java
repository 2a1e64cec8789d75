package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.verify.books.RepeatedIds.Newness;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    /** Exposures of one id and one time: no example tells them apart. */
    private record Origin(IdHash id, long time) {}

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
        PairTimeline timeline = new PairTimeline(input, ids, pair, attributed);
        Map<Origin, List<LoggedExample>> examples = examplesOf(all);
        for (LoggedExposure exposure : all) {
            Set<String> outcomes = outcomes(exposure, timeline);
            verdicts.exposures()
                    .add(
                            exposure.isSampled() ? givenExample(pair, exposure, outcomes, examples) : outcomes,
                            input.topics().addressOf(exposure));
        }
    }

    /** The examples that say of exposures of these ids that they were not clicked. */
    private Map<Origin, List<LoggedExample>> examplesOf(List<LoggedExposure> exposures) {
        Map<Origin, List<LoggedExample>> examples = new HashMap<>();
        exposures.stream()
                .filter(LoggedExposure::isSampled)
                .map(LoggedExposure::id)
                .distinct()
                .flatMap(id -> input.examples().unclicked().getOrDefault(id, List.of()).stream())
                .forEach(example -> examples.computeIfAbsent(
                                new Origin(example.origin(), example.featureTime()), origin -> new ArrayList<>(1))
                        .add(example));
        return examples;
    }

    private Set<String> outcomes(LoggedExposure exposure, PairTimeline timeline) {
        Newness newness = ids.newness(exposure);
        if (newness == Newness.REPEAT) {
            return DUPLICATE;
        }
        Set<String> outcomes = new TreeSet<>();
        if (newness == Newness.EITHER) {
            outcomes.add(Outcome.DUPLICATE.label());
        }
        ClockBounds.Range due = input.endOfWindow(exposure);
        if (input.times().mayHaveRun(due)) {
            outcomes.addAll(clicked(exposure, timeline));
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
    private Set<String> clicked(LoggedExposure exposure, PairTimeline timeline) {
        if (ids.newness(exposure) == Newness.NEW && timeline.isAnsweredAlone(exposure)) {
            return CLICKED;
        }
        return timeline.mayBeAnswered(exposure) ? CLICKED_OR_NOT : ONLY_UNCLICKED;
    }

    /**
     * What is left of a sampled exposure's outcomes: it has an example exactly if it ended without a click and its user's
     * examples left enough for one more. One that waits by the books may have ended since.
     */
    private Set<String> givenExample(
            IdHash pair, LoggedExposure exposure, Set<String> outcomes, Map<Origin, List<LoggedExample>> examples) {
        if (ids.newness(exposure) == Newness.REPEAT) {
            return outcomes;
        }
        Origin origin = new Origin(exposure.id(), exposure.time());
        List<LoggedExample> found = examples.getOrDefault(origin, List.of());
        if (ids.newness(exposure) == Newness.EITHER || input.isForgotten(exposure.user())) {
            found.forEach(verdicts::explain); // there may be one of each time it was new
            examples.computeIfPresent(origin, (of, all) -> all.subList(0, 1)); // the others are explained for good
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
