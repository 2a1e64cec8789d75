package dev.millrace.verify.books;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Counts the events of one topic by the set of outcomes that each can have had.
 *
 * <p>Most events have one possible outcome. No topic tells that of an example which no mini-batch has.
 */
final class PossibleOutcomes {

    /** Events of one set of outcomes, and the first of them. */
    private record Group(long events, RecordAddress first) {}

    private final Map<Set<String>, Group> groups = new HashMap<>();

    /** Counts an event, in any order of events. */
    void add(Set<String> outcomes, RecordAddress place) {
        Group group = groups.getOrDefault(outcomes, new Group(0, place));
        groups.put(outcomes, new Group(group.events + 1, place.isBefore(group.first) ? place : group.first));
    }

    long total() {
        return sum(outcomes -> true);
    }

    /** Events that have this outcome for certain. */
    long certain(String outcome) {
        return sum(Set.of(outcome)::equals);
    }

    /** Events that have this outcome or another. */
    long possible(String outcome) {
        return sum(outcomes -> outcomes.size() > 1 && outcomes.contains(outcome));
    }

    /** Events that have more than one possible outcome. */
    long undecided() {
        return sum(outcomes -> outcomes.size() > 1);
    }

    /** Groups of events with the same choice of several outcomes, each as {@code n × a or b, the first at …}. */
    List<String> undecidedGroups() {
        Map<String, Group> sorted = new TreeMap<>();
        groups.forEach((outcomes, group) -> {
            if (outcomes.size() > 1) {
                sorted.put(String.join(" or ", new TreeSet<>(outcomes)), group);
            }
        });
        return sorted.entrySet().stream()
                .map(of -> of.getValue().events + " × " + of.getKey() + ", the first at " + of.getValue().first)
                .toList();
    }

    /** The first event that has this outcome for certain. */
    Optional<RecordAddress> firstCertain(String outcome) {
        return Optional.ofNullable(groups.get(Set.of(outcome))).map(Group::first);
    }

    NavigableSet<String> outcomes() {
        NavigableSet<String> outcomes = new TreeSet<>();
        groups.keySet().forEach(outcomes::addAll);
        return outcomes;
    }

    private long sum(Predicate<Set<String>> of) {
        return groups.entrySet().stream()
                .filter(group -> of.test(group.getKey()))
                .mapToLong(group -> group.getValue().events)
                .sum();
    }
}
