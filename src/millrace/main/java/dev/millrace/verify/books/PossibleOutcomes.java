package dev.millrace.verify.books;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
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
        groups.merge(
                outcomes,
                new Group(1, place),
                (group, one) -> new Group(group.events + 1, one.first.isBefore(group.first) ? one.first : group.first));
    }

    long total() {
        return sum(outcomes -> true);
    }

    /** Events that have this outcome for certain. */
    long certain(String outcome) {
        return sum(Set.of(outcome)::equals);
    }

    /** Events that may have this outcome. */
    long most(String outcome) {
        return sum(outcomes -> outcomes.contains(outcome));
    }

    /** Events that have more than one possible outcome. */
    long undecided() {
        return sum(outcomes -> outcomes.size() > 1);
    }

    /** Groups of events with the same choice of several outcomes, each as {@code n × a or b, the first at …}. */
    List<String> undecidedGroups() {
        return groups.entrySet().stream()
                .filter(group -> group.getKey().size() > 1)
                .map(group -> Map.entry(String.join(" or ", new TreeSet<>(group.getKey())), group.getValue()))
                .sorted(Map.Entry.comparingByKey())
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
