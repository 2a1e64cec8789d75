package dev.millrace.verify;

import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.StepDigest;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * What learners published of one generation: digests of steps, and the vectors of items that are on the topic now.
 *
 * <p>Progress is read before the embeddings, so these hold everything that was published up to {@link #learnerStep}.
 */
final class PublishedModel {

    /** A learner's digest of a step. */
    record Digest(long step, String digest, String place) {}

    /** The latest vector of an item. */
    record Vector(ItemEmbedding embedding, String place) {

        @Override
        public String toString() {
            return "vector of item " + embedding.item() + ", step " + embedding.step() + " (" + place + ")";
        }
    }

    private final String generation;
    private final Set<String> generations = new LinkedHashSet<>();
    private final NavigableMap<Long, List<Digest>> digests = new TreeMap<>();
    private final Map<String, Vector> vectors = new TreeMap<>();
    private final NavigableMap<Long, List<Vector>> vectorsByStep = new TreeMap<>();
    private final Map<String, Long> learnerSteps = new TreeMap<>();
    private boolean isWithheld;
    private final Set<String> otherVectors = new HashSet<>(); // generation, NUL, item

    private PublishedModel(String generation) {
        this.generation = generation;
    }

    static PublishedModel read(TopicReader reader, Cluster cluster, String generation) {
        AvroWire wire = cluster.wire();
        TopicNames topics = cluster.topics();
        PublishedModel published = new PublishedModel(generation);
        reader.readAll(topics.trainingProgress(), record -> wire.decode(Topic.TRAINING_PROGRESS, record)
                .ifPresent(part -> published.take(part, record)));
        reader.readAll(
                topics.itemEmbeddings(),
                record -> published.take(
                        wire.decode(Topic.ITEM_EMBEDDINGS, record).orElseThrow(), record));
        published.vectors.values().forEach(vector -> published
                .vectorsByStep
                .computeIfAbsent(vector.embedding().step(), step -> new ArrayList<>())
                .add(vector));
        return published;
    }

    /** All generations that have vectors or progress; empty if nothing was published yet. */
    Set<String> generations() {
        return generations;
    }

    /** Step of the latest progress of the learner that publishes; absent if there is none. */
    OptionalLong learnerStep() {
        if (learnerSteps.containsKey(PartProgress.LEARNER)) {
            return OptionalLong.of(learnerSteps.getOrDefault(PartProgress.LEARNER, 0L));
        }
        // a learner from the log publishes, or is a shadow: then no vector is its own
        return vectors.isEmpty()
                ? OptionalLong.empty()
                : learnerSteps.values().stream().mapToLong(Long::longValue).max();
    }

    /** Returns true if the learner withholds vectors at present; then some may be missing. */
    boolean isWithheld() {
        return isWithheld;
    }

    /** The different digests that learners published, by step. */
    NavigableMap<Long, List<Digest>> digests() {
        return digests;
    }

    /** The latest vectors of items, by step. */
    NavigableMap<Long, List<Vector>> vectorsByStep() {
        return vectorsByStep;
    }

    /** The latest vectors, by item. */
    Map<String, Vector> vectors() {
        return vectors;
    }

    /** How many vectors on the topic are of other generations. */
    int otherVectors() {
        return otherVectors.size();
    }

    /** The newest step, not after that one, of which there is a digest or a vector; 0 if there is none. */
    long newestStep(long notAfter) {
        return Math.max(newest(digests, notAfter), newest(vectorsByStep, notAfter));
    }

    /** The newest step of some, not after that one; 0 if there is none. */
    static long newest(NavigableMap<Long, ?> byStep, long notAfter) {
        return byStep.headMap(notAfter, true).keySet().stream().reduce(0L, Math::max);
    }

    /** How many there are of the steps from and to, both included. */
    static <T> int count(NavigableMap<Long, List<T>> byStep, long from, long to) {
        return from > to
                ? 0
                : byStep.subMap(from, true, to, true).values().stream()
                        .mapToInt(List::size)
                        .sum();
    }

    private void take(PartProgress part, TopicRecord record) {
        if (part.training().isEmpty()) {
            return;
        }
        TrainingProgress training = part.training().get();
        generations.add(training.generation());
        if (!training.generation().equals(generation)) {
            return;
        }
        learnerSteps.put(part.part(), training.step());
        isWithheld = training.withheld().isPresent();
        if (!training.digest().isEmpty()) {
            take(new Digest(training.step(), training.digest(), record.place()));
        }
        for (StepDigest earlier : training.digests()) {
            take(new Digest(earlier.step(), earlier.digest(), record.place()));
        }
    }

    /** Each record repeats the digests of earlier steps: equal ones are kept once. */
    private void take(Digest digest) {
        List<Digest> same = digests.computeIfAbsent(digest.step(), step -> new ArrayList<>());
        if (same.stream().noneMatch(other -> other.digest().equals(digest.digest()))) {
            same.add(digest);
        }
    }

    private void take(ItemEmbedding embedding, TopicRecord record) {
        if (embedding.isMark()) {
            return;
        }
        boolean isOurs = embedding.generation().equals(generation);
        boolean isPresent = embedding.vector().isPresent();
        if (isOurs && isPresent) {
            vectors.put(embedding.item(), new Vector(embedding, record.place()));
        } else if (isOurs) {
            vectors.remove(embedding.item());
        } else if (isPresent) {
            otherVectors.add(embedding.generation() + '\0' + embedding.item());
        } else {
            otherVectors.remove(embedding.generation() + '\0' + embedding.item());
        }
        if (isPresent) {
            generations.add(embedding.generation());
        }
    }
}
