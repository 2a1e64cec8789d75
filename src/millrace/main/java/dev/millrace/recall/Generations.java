package dev.millrace.recall;

import dev.millrace.experiment.Experiment;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.index.ItemIndex;
import dev.millrace.publish.ItemEmbedding;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Builds the index of each generation from its embeddings, and chooses the generation that answers: the one promoted last, once it is
 * complete. A generation is complete when its mark has come in every partition and its encoder is ready.
 *
 * <p>Until the next generation is complete, the one before it goes on answering. Kept are the generation that answers, a number of
 * those promoted before it, and all that were never promoted, as each may be promoted next. All others, and the retired, are dropped.
 * Safe for threads.
 */
public final class Generations {

    /** What became of an embedding. */
    public enum Outcome {
        /** Its vector is in the index of the generation that answers. */
        VISIBLE,
        /** Its vector is in the index of a generation that does not answer, or not yet. */
        BUILDING,
        /** The item left the index of its generation. */
        REMOVED,
        /** It belongs to a generation that is not kept. */
        OUTDATED,
        /** Its vector has another width than its generation's, or a component that is not finite. */
        UNUSABLE
    }

    /**
     * How far the build of a generation is.
     *
     * @param items in its index
     * @param isComplete true if it could answer
     * @param isEncoderReady true if its encoder has all its weights
     */
    public record Status(String generation, int items, boolean isComplete, boolean isEncoderReady) {}

    private final RecallEngine engine;
    private final Function<String, Optional<UserEncoder>> encoders;
    private final GenerationHistory history = new GenerationHistory();
    private final int keptBefore;
    private final Map<String, Build> builds = new LinkedHashMap<>();
    private final Set<String> dropped = new HashSet<>();
    private final List<String> newlyDropped = new ArrayList<>();
    private int partitions = Integer.MAX_VALUE; // unknown until caught up

    /** A generation that is kept: its index, from the first vector on, and the partitions in which its mark has come. */
    private static final class Build {
        final Set<Integer> marked = new HashSet<>();
        Optional<ItemIndex> index = Optional.empty();
    }

    /**
     * @param encoders gives the encoder of a generation, by name, once there is one
     * @param keptBefore number of generations to keep of those promoted before the one that answers
     */
    public Generations(RecallEngine engine, Function<String, Optional<UserEncoder>> encoders, int keptBefore) {
        this.engine = engine;
        this.encoders = encoders;
        this.keptBefore = keptBefore;
    }

    /**
     * Takes an embedding, or the mark of a generation.
     *
     * @param publishedAt of the embedding, epoch milliseconds, wall clock of the topic
     * @param partition in which it came
     */
    public synchronized Outcome take(ItemEmbedding embedding, long publishedAt, int partition) {
        String generation = embedding.generation();
        if (dropped.contains(generation)) {
            return Outcome.OUTDATED;
        }
        if (embedding.isMark()) {
            if (embedding.vector().isPresent()) {
                build(generation).marked.add(partition);
            }
            return Outcome.BUILDING;
        }
        Optional<ItemIndex> index = Optional.ofNullable(builds.get(generation)).flatMap(one -> one.index);
        if (embedding.vector().isEmpty()) {
            index.ifPresent(one -> one.remove(embedding.item()));
            return Outcome.REMOVED;
        }
        try {
            ItemIndex into =
                    index.orElseGet(() -> new ItemIndex(embedding.vector().get().length));
            into.upsert(embedding, publishedAt);
            build(generation).index = Optional.of(into);
        } catch (IllegalArgumentException unusable) {
            return Outcome.UNUSABLE;
        }
        return isServed(generation) ? Outcome.VISIBLE : Outcome.BUILDING;
    }

    /** Takes what became of a generation. */
    public synchronized void take(GenerationFact fact) {
        history.take(fact);
        if (fact.kind() == Kind.RETIRED && !isServed(fact.generation())) {
            drop(fact.generation());
        }
    }

    /** All facts that were in the topic at start have been taken: generations that would not be kept need not be built. */
    public synchronized void historyRead() {
        dropSurplus();
    }

    /**
     * Everything that was in the topics at start has been read.
     *
     * @param ofEmbeddings partitions of the topic of embeddings; a complete generation has its mark in all of them
     */
    public synchronized void caughtUp(int ofEmbeddings) {
        partitions = ofEmbeddings;
    }

    /**
     * Chooses the generation that answers. Returns true if it is another than before.
     *
     * <p>It is the one promoted last, if that is complete. Otherwise the one that answers now goes on. If none answers, it is the last
     * promoted of those that are complete.
     */
    public synchronized boolean choose() {
        Optional<ServedGeneration> served = engine.served();
        Optional<ServedGeneration> next = history.next(
                        served.map(ServedGeneration::generation),
                        generation -> complete(generation).isPresent())
                .flatMap(this::complete);
        next.ifPresent(another -> {
            engine.serve(another);
            served.filter(this::isRetired).ifPresent(before -> drop(before.generation()));
            dropSurplus();
        });
        engine.follow(history.runningExperiment());
        engine.keep(builds.keySet().stream()
                .flatMap(generation -> complete(generation).stream())
                .toList());
        return next.isPresent();
    }

    /** How far each generation that is kept is. */
    public synchronized List<Status> statuses() {
        List<Status> statuses = new ArrayList<>();
        builds.forEach((generation, one) -> statuses.add(new Status(
                generation,
                one.index.map(ItemIndex::size).orElse(0),
                complete(generation).isPresent(),
                readyEncoder(generation).isPresent())));
        return statuses;
    }

    /** The generation promoted last, which is to answer. */
    public synchronized Optional<String> promoted() {
        return history.answering();
    }

    /** The generation that a roll-back goes to; absent if there is none. */
    public synchronized Optional<String> answeredBefore() {
        return history.answeredBefore();
    }

    /** What to know before a generation answers; absent if there is nothing. */
    public synchronized Optional<String> caution(String generation) {
        return history.caution(generation);
    }

    /** The latest experiment, whether it runs or not; absent before any. */
    public synchronized Optional<Experiment> latestExperiment() {
        return history.latestExperiment();
    }

    /** The generations dropped since the last call. */
    public synchronized List<String> takeDropped() {
        List<String> taken = List.copyOf(newlyDropped);
        newlyDropped.clear();
        return taken;
    }

    /** Returns true if a generation has been dropped. */
    public synchronized boolean isDropped(String generation) {
        return dropped.contains(generation);
    }

    private Optional<ServedGeneration> complete(String generation) {
        return Optional.ofNullable(builds.get(generation))
                .filter(one -> one.marked.size() >= partitions)
                .flatMap(one -> one.index)
                .flatMap(index ->
                        readyEncoder(generation).map(encoder -> new ServedGeneration(generation, index, encoder)));
    }

    private Optional<UserEncoder> readyEncoder(String generation) {
        return encoders.apply(generation).filter(UserEncoder::isReady);
    }

    private boolean isServed(String generation) {
        return engine.served()
                .filter(served -> served.generation().equals(generation))
                .isPresent();
    }

    private boolean isRetired(ServedGeneration served) {
        return history.is(served.generation(), Kind.RETIRED);
    }

    /** Drops the generations that are no longer to be kept. */
    private void dropSurplus() {
        history.surplus(engine.served().map(ServedGeneration::generation), keptBefore)
                .forEach(this::drop);
    }

    private void drop(String generation) {
        builds.remove(generation);
        if (dropped.add(generation)) {
            newlyDropped.add(generation);
        }
    }

    private Build build(String generation) {
        return builds.computeIfAbsent(generation, name -> new Build());
    }
}
