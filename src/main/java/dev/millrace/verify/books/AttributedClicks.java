package dev.millrace.verify.books;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The clicks of a partition that have an example, by user and item, in the order of their offsets. */
final class AttributedClicks {

    /** A click and its example. */
    record Attributed(LoggedClick click, LoggedExample example) {}

    private final JoinInput input;
    private final RepeatedIds ids;
    private final Map<IdHash, List<Attributed>> byPair = new HashMap<>();

    AttributedClicks(JoinInput input, RepeatedIds ids) {
        this.input = input;
        this.ids = ids;
        for (LoggedClick click : input.events().clicks()) {
            ids.exampleOf(click).ifPresent(example -> byPair.computeIfAbsent(click.pair(), pair -> new ArrayList<>(1))
                    .add(new Attributed(click, example)));
        }
    }

    List<Attributed> of(IdHash pair) {
        return byPair.getOrDefault(pair, List.of());
    }

    /** Returns true if another click's example can have taken the same action on that exposure before. */
    boolean isTaken(LoggedExposure exposure, LoggedClick click) {
        return of(click.pair()).stream()
                .anyMatch(other -> other.example().featureTime() == exposure.time()
                        && other.click().action().equals(click.action())
                        && input.rules().answers(other.click(), exposure)
                        && (other.click().offset() < click.offset() || hasLesserId(other.click(), click)));
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
                        .computeIfAbsent(one.click().action() + one.example().featureTime(), key -> new ArrayList<>(1))
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
