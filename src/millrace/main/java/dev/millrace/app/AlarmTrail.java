package dev.millrace.app;

import dev.millrace.alarm.Alarm;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.PartProgress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Which alarms learners had at which steps, as far as they were heard. Learners of one log meet the same events at the same steps, and tell of them at
 * different moments, so they are compared by step. One thread.
 */
final class AlarmTrail {

    private static final int MOST_STEPS = 1_000; // of a learner

    private final Map<String, NavigableMap<Long, List<String>>> byGeneration = new HashMap<>();

    /** Takes what the parts last said. */
    void take(Collection<PartProgress> parts) {
        parts.stream().flatMap(part -> part.training().stream()).forEach(training -> {
            NavigableMap<Long, List<String>> steps =
                    byGeneration.computeIfAbsent(training.generation(), none -> new TreeMap<>());
            steps.put(training.step(), alarms(training));
            if (steps.size() > MOST_STEPS) {
                steps.pollFirstEntry();
            }
        });
    }

    /** Returns the latest alarms of a generation that another one did not have around that step: the last time that it was heard at or before it, and the first at or after it. */
    List<String> alone(String generation, String other) {
        NavigableMap<Long, List<String>> own = byGeneration.getOrDefault(generation, new TreeMap<>());
        NavigableMap<Long, List<String>> others = byGeneration.getOrDefault(other, new TreeMap<>());
        if (own.isEmpty() || others.floorKey(own.lastKey()) == null || others.ceilingKey(own.lastKey()) == null) {
            return List.of();
        }
        List<String> ofOther = Stream.of(others.floorEntry(own.lastKey()), others.ceilingEntry(own.lastKey()))
                .flatMap(heard -> heard.getValue().stream())
                .toList();
        return own.lastEntry().getValue().stream()
                .filter(alarm -> !ofOther.contains(alarm))
                .toList();
    }

    private static List<String> alarms(TrainingProgress training) {
        List<String> alarms = new ArrayList<>();
        training.alarms().stream()
                .filter(Alarm::isActive)
                .forEach(alarm -> alarms.add("alarm " + alarm.kind().text()));
        training.withheld().ifPresent(why -> alarms.add("its vectors are withheld: " + why));
        return alarms;
    }
}
