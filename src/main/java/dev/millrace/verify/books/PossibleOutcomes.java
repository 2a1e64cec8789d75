package dev.millrace.verify.books;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Counts the events of one topic by the set of outcomes that each can have had.
 *
 * <p>Most events have one possible outcome. The others depend on the order in which two topics were read, which no topic tells.
 */
final class PossibleOutcomes {

    private final Map<Set<String>, Long> events = new HashMap<>();
    private final Map<Set<String>, RecordAddress> first = new HashMap<>();

    void add(Set<String> outcomes, RecordAddress place) {
        events.merge(outcomes, 1L, Long::sum);
        first.putIfAbsent(outcomes, place);
    }

    long total() {
        return events.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Events that have this outcome for certain. */
    long certain(String outcome) {
        return events.getOrDefault(Set.of(outcome), 0L);
    }

    /** Events that have this outcome or another. */
    long possible(String outcome) {
        return events.entrySet().stream()
                .filter(entry -> entry.getKey().size() > 1 && entry.getKey().contains(outcome))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Events that have more than one possible outcome. */
    long undecided() {
        return events.entrySet().stream()
                .filter(entry -> entry.getKey().size() > 1)
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Groups of events with the same choice of several outcomes, each as {@code n × a or b, the first at …}. */
    List<String> undecidedGroups() {
        List<String> lines = new ArrayList<>();
        SortedMap<String, Set<String>> sorted = new TreeMap<>();
        events.keySet().stream()
                .filter(set -> set.size() > 1)
                .forEach(set -> sorted.put(String.join(" or ", new TreeSet<>(set)), set));
        sorted.forEach((text, set) ->
                lines.add(events.getOrDefault(set, 0L) + " × " + text + ", the first at " + first.get(set)));
        return lines;
    }

    /** The first event that has this outcome for certain. */
    Optional<RecordAddress> firstCertain(String outcome) {
        return Optional.ofNullable(first.get(Set.of(outcome)));
    }

    NavigableSet<String> outcomes() {
        NavigableSet<String> outcomes = new TreeSet<>();
        events.keySet().forEach(outcomes::addAll);
        return outcomes;
    }

    /** Returns true if some choice of one outcome for each event gives exactly these counts. */
    boolean fits(Map<String, Long> counts) {
        Map<String, Long> left = new HashMap<>(counts);
        NavigableSet<String> contested = new TreeSet<>();
        for (Map.Entry<Set<String>, Long> group : events.entrySet()) {
            if (group.getKey().size() == 1) {
                left.merge(group.getKey().iterator().next(), -group.getValue(), Long::sum);
            } else {
                contested.addAll(group.getKey());
            }
        }
        if (left.entrySet().stream()
                .anyMatch(rest -> rest.getValue() < 0 || (rest.getValue() > 0 && !contested.contains(rest.getKey())))) {
            return false;
        }
        long open = left.values().stream().mapToLong(Long::longValue).sum();
        return open == undecided() && leavesRoom(left, List.copyOf(contested));
    }

    /**
     * Hall's condition (P. Hall 1935): any set of outcomes must have room for at least the events that can have no others. Tries all
     * sets: two to the power of the outcomes in question, of which there are few.
     */
    private boolean leavesRoom(Map<String, Long> left, List<String> contested) {
        for (int subset = 1; subset < 1 << contested.size(); subset++) {
            Set<String> chosen = new TreeSet<>();
            long room = 0;
            for (int at = 0; at < contested.size(); at++) {
                if ((subset >> at & 1) == 1) {
                    chosen.add(contested.get(at));
                    room += left.getOrDefault(contested.get(at), 0L);
                }
            }
            long bound = events.entrySet().stream()
                    .filter(group -> group.getKey().size() > 1 && chosen.containsAll(group.getKey()))
                    .mapToLong(Map.Entry::getValue)
                    .sum();
            if (bound > room) {
                return false;
            }
        }
        return true;
    }
}
