package dev.millrace.generation;

import dev.millrace.generation.GenerationFact.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What became of all generations, in the order in which it was said. One thread. */
public final class GenerationHistory {

    private final Map<String, Map<Kind, GenerationFact>> facts = new LinkedHashMap<>();
    private final List<String> promoted = new ArrayList<>();

    /** Takes the next fact. What was retired stays so, whatever is said of it later. */
    public void take(GenerationFact fact) {
        Map<Kind, GenerationFact> own =
                facts.computeIfAbsent(fact.generation(), generation -> new EnumMap<>(Kind.class));
        own.put(fact.kind(), fact);
        if (fact.kind() == Kind.PROMOTED) {
            promoted.remove(fact.generation());
            promoted.add(fact.generation());
        }
        if (own.containsKey(Kind.RETIRED)) {
            promoted.remove(fact.generation());
        }
    }

    /** All of which something was said, in the order of their first facts. */
    public List<String> generations() {
        return List.copyOf(facts.keySet());
    }

    /** The latest fact of a kind. */
    public Optional<GenerationFact> fact(String generation, Kind kind) {
        return Optional.ofNullable(facts.getOrDefault(generation, Map.of()).get(kind));
    }

    public boolean is(String generation, Kind kind) {
        return fact(generation, kind).isPresent();
    }

    /** Those that were promoted and are not retired, the last one first: it is to answer, the next one is where a roll-back goes. */
    public List<String> promotedLastFirst() {
        List<String> lastFirst = new ArrayList<>(promoted);
        Collections.reverse(lastFirst);
        return lastFirst;
    }
}
