package dev.millrace.verify.books;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The clicks of a partition that have an example, and those that may have answered without one, by user and item, in the order of their offsets. */
final class AttributedClicks {

    /** A click and its example. */
    record Attributed(LoggedClick click, LoggedExample example) {}

    private final JoinInput input;
    private final RepeatedIds ids;
    private final Map<IdHash, List<Attributed>> byPair = new HashMap<>();
    private final Map<IdHash, List<LoggedClick>> cappedByPair = new HashMap<>();

    AttributedClicks(JoinInput input, RepeatedIds ids) {
        this.input = input;
        this.ids = ids;
        for (LoggedClick click : input.events().clicks()) {
            ids.exampleOf(click)
                    .ifPresentOrElse(
                            example -> byPair.computeIfAbsent(click.pair(), pair -> new ArrayList<>(1))
                                    .add(new Attributed(click, example)),
                            () -> addCapped(click));
        }
    }

    List<Attributed> of(IdHash pair) {
        return byPair.getOrDefault(pair, List.of());
    }

    /** Clicks that have no example, and may have answered an exposure nevertheless, as their user's examples had counted too much. */
    List<LoggedClick> cappedOf(IdHash pair) {
        return cappedByPair.getOrDefault(pair, List.of());
    }

    private void addCapped(LoggedClick click) {
        if (input.rules().actions().contains(click.action())
                && ids.newness(click) != RepeatedIds.Newness.REPEAT
                && input.mayBeCapped(click)) {
            cappedByPair
                    .computeIfAbsent(click.pair(), pair -> new ArrayList<>(1))
                    .add(click);
        }
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
                        .computeIfAbsent(one.click().action() + one.example().featureTime(), key -> new ArrayList<>(1))
                        .add(one);
            }
        }
        if (sameAction.values().stream().allMatch(same -> same.size() == 1)) {
            return;
        }
        Map<Long, Long> exposures = exposuresByTime(pair);
        for (List<Attributed> same : sameAction.values()) {
            if (same.size() > 1
                    && same.size()
                            > exposures.getOrDefault(same.get(0).example().featureTime(), 0L)) {
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

    /** Number of exposures of each time, less the repeats. */
    private Map<Long, Long> exposuresByTime(IdHash pair) {
        Map<Long, Long> numbers = new HashMap<>();
        for (LoggedExposure exposure : input.exposuresOf(pair)) {
            if (ids.newness(exposure) != RepeatedIds.Newness.REPEAT) {
                numbers.merge(exposure.time(), 1L, Long::sum);
            }
        }
        return numbers;
    }
}
