package dev.millrace.publish;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.FastPopularity;
import dev.millrace.batch.MiniBatch;
import dev.millrace.exam.ExamTotals;
import dev.millrace.model.TwoTower;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whose vectors are published: at once those of clicked and of changed items, and of all others a share that brings
 * every item round within the sweep bound.
 *
 * <p>A step moves the towers, and so every vector a little; rows of negatives and of histories move too. The sweep is what
 * bounds the age of those. It goes through the catalogue by number, {@code ⌈N·steps / bound⌉} items a publication.
 *
 * <p>An item's popularity goes out with its vector, and with each of its clicks. Without clicks it only decays, by a law that
 * subscribers know, so that nothing need be published for it; unless it is a component of the vector: then an item goes out again
 * whenever its number falls below a multiple of {@link PublishSettings#popularityMinMove}.
 *
 * <p>While the learner refuses its steps, finds much less than before, or what it would publish is not sound, all vectors are withheld;
 * tombstones go out. Once none of it holds any more, all of the catalogue and of the query side is published anew.
 *
 * <p>Between publications nothing here needs to survive but the cursor and what is withheld: whoever commits publishes first.
 */
public final class Publisher implements Durable {

    private static final double UNIT_TOLERANCE = 1e-3;

    private final PublishSettings settings;
    private final byte[] key;
    private final byte[] gateKey;
    private final QualityGate gate;
    private final Map<String, Long> touched = new LinkedHashMap<>();
    private final Set<String> removed = new LinkedHashSet<>();
    private int cursor;
    private long steps;
    private long publishedSteps;
    private long eventTime;
    private long popularityTime; // up to which vectors have their component of popularity right, within the move
    private int refusedInARow;
    private Optional<String> withheld = Optional.empty();
    private boolean dirty;

    /** @param prefix first byte of this state's key */
    public Publisher(PublishSettings settings, char prefix) {
        this.settings = settings;
        this.key = new byte[] {(byte) prefix};
        this.gateKey = new byte[] {(byte) prefix, 'g'};
        this.gate = new QualityGate(settings.gate());
    }

    /** Notes a step of the log and what it changed in the catalogue. */
    public void stepped(MiniBatch batch) {
        steps = batch.step();
        dirty = true;
        for (CatalogueChange change : batch.catalogue()) {
            if (change instanceof CatalogueChange.Upsert) {
                removed.remove(change.itemId());
                touched.putIfAbsent(change.itemId(), 0L);
            } else {
                touched.remove(change.itemId());
                removed.add(change.itemId());
            }
        }
    }

    /** Notes that the step was refused; its clicks count as popularity all the same. */
    public void refused(MiniBatch batch) {
        refusedInARow++;
        for (TrainingExample example : batch.examples()) {
            touched.putIfAbsent(example.item(), 0L);
            eventTime = Math.max(eventTime, example.time());
        }
    }

    /** Notes the examples that the model has learnt from. */
    public void learnt(MiniBatch batch) {
        refusedInARow = 0;
        for (TrainingExample example : batch.examples()) {
            touched.merge(example.item(), example.producedAt(), Publisher::earlier);
            eventTime = Math.max(eventTime, example.time());
        }
    }

    /** Notes the exam so far, and how many items the catalogue has. */
    public void examined(ExamTotals totals, int items) {
        gate.examined(totals, items);
    }

    /** Why nothing but tombstones was let out by the last {@link #take}; absent if all was. */
    public Optional<String> withheld() {
        return withheld;
    }

    /** Lets the next {@link #take} give all of the catalogue, and the query side with it. */
    public void publishAnew() {
        withheld = Optional.of("nothing was published yet");
        dirty = true;
    }

    /**
     * The vectors to publish now; each item at most once, tombstones first.
     *
     * <p>The entries of the query side that the model drains next go the same way: while something is {@link #withheld} only
     * deletions may be sent, and when that ends the model is told to drain all of them.
     */
    public List<ItemEmbedding> take(TwoTower model, Catalogue catalogue, FastPopularity popularity) {
        List<ItemEmbedding> embeddings = new ArrayList<>();
        for (String item : removed) {
            embeddings.add(new ItemEmbedding(item, Optional.empty(), model.generation(), steps, eventTime, 0));
        }
        removed.clear();
        Optional<String> reason = refusals().or(gate::closed).or(() -> model.unusableQuerySide(withheld.isPresent()));
        if (reason.isEmpty()) {
            sweep(catalogue);
            touchCooled(popularity);
            List<ItemEmbedding> vectors = touchedVectors(model, catalogue, popularity);
            reason = firstUnsound(vectors, model.channels());
            if (reason.isEmpty() && withheld.isPresent()) {
                for (int number = 0; number < catalogue.size(); number++) {
                    touched.putIfAbsent(catalogue.itemAt(number), 0L);
                }
                vectors = touchedVectors(model, catalogue, popularity);
                reason = firstUnsound(vectors, model.channels());
            }
            if (reason.isEmpty()) {
                if (withheld.isPresent()) {
                    model.touchQuerySide();
                }
                embeddings.addAll(vectors);
                touched.clear();
            }
        }
        if (!withheld.equals(reason)) {
            withheld = reason;
            dirty = true;
        }
        return embeddings;
    }

    private Optional<String> refusals() {
        return refusedInARow >= settings.withholdAfterRefused()
                ? Optional.of(refusedInARow + " steps in a row were refused")
                : Optional.empty();
    }

    private PublishedPopularity published(String item, FastPopularity popularity) {
        return new PublishedPopularity(
                popularity.number(item, eventTime),
                popularity.settings().halfLife().toMillis(),
                settings.isPopularityDimension());
    }

    private void touchCooled(FastPopularity popularity) {
        if (settings.isPopularityDimension() && eventTime > popularityTime) {
            popularity
                    .cooled(popularityTime, eventTime, settings.popularityMinMove())
                    .forEach(item -> touched.putIfAbsent(item, 0L));
            popularityTime = eventTime;
        }
    }

    private List<ItemEmbedding> touchedVectors(TwoTower model, Catalogue catalogue, FastPopularity popularity) {
        List<ItemEmbedding> embeddings = new ArrayList<>();
        List<String> items =
                touched.keySet().stream().filter(catalogue::contains).toList();
        float[] vectors = new float[items.size() * model.dim()];
        model.publishedVectors(items, vectors);
        for (int at = 0; at < items.size(); at++) {
            String item = items.get(at);
            float[] vector = Arrays.copyOfRange(vectors, at * model.dim(), (at + 1) * model.dim());
            embeddings.add(new ItemEmbedding(
                    item,
                    Optional.of(vector),
                    model.generation(),
                    steps,
                    eventTime,
                    touched.getOrDefault(item, 0L),
                    published(item, popularity)));
        }
        return embeddings;
    }

    private static Optional<String> firstUnsound(List<ItemEmbedding> embeddings, int channels) {
        return embeddings.stream()
                .filter(embedding -> !embedding
                        .vector()
                        .map(vector -> isSound(vector, channels))
                        .orElse(true))
                .findFirst()
                .map(embedding -> "the vector of item " + embedding.item() + " is not finite or not of unit length");
    }

    /** Whether its channels are of the same length and unit length together, but for those without any direction yet, of zeros. */
    private static boolean isSound(float[] vector, int channels) {
        int width = vector.length / channels;
        for (int channel = 0; channel < channels; channel++) {
            double squares = 0;
            for (int at = channel * width; at < (channel + 1) * width; at++) {
                squares += (double) vector[at] * vector[at];
            }
            if (squares != 0 && !(Math.abs(Math.sqrt(squares * channels) - 1) <= UNIT_TOLERANCE)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void restore(byte[] entryKey, byte[] value) {
        ByteBuffer payload = Frame.open(value);
        if (entryKey.length == gateKey.length) {
            gate.restore(payload);
            return;
        }
        cursor = payload.getInt();
        steps = payload.getLong();
        publishedSteps = payload.getLong();
        eventTime = payload.getLong();
        refusedInARow = payload.getInt();
        withheld = Optional.of(Fields.text(payload)).filter(reason -> !reason.isEmpty());
        popularityTime = payload.hasRemaining() ? payload.getLong() : 0;
    }

    @Override
    public void drainDirty(EntrySink sink) {
        // what is withheld need not be remembered item by item: all items follow when it ends
        if ((withheld.isEmpty() && !touched.isEmpty()) || !removed.isEmpty()) {
            throw new IllegalStateException(
                    touched.size() + removed.size() + " items were touched and not published before the commit");
        }
        if (dirty) {
            sink.put(
                    key,
                    new Fields()
                            .integer(cursor)
                            .longInteger(steps)
                            .longInteger(publishedSteps)
                            .longInteger(eventTime)
                            .integer(refusedInARow)
                            .text(withheld.orElse(""))
                            .longInteger(popularityTime)
                            .framed());
            dirty = false;
        }
        gate.drain().ifPresent(value -> sink.put(gateKey, value));
    }

    private void sweep(Catalogue catalogue) {
        // one that moved may have jumped from before the cursor to behind it
        catalogue.takeRenumbered().forEach(item -> touched.putIfAbsent(item, 0L));
        long due = Math.min(
                catalogue.size(),
                ((steps - publishedSteps) * catalogue.size() + settings.sweepSteps() - 1) / settings.sweepSteps());
        for (long at = 0; at < due; at++) {
            if (cursor >= catalogue.size()) {
                cursor = 0;
            }
            touched.putIfAbsent(catalogue.itemAt(cursor++), 0L);
        }
        publishedSteps = steps;
    }

    private static long earlier(long left, long right) {
        if (left == 0 || right == 0) {
            return Math.max(left, right);
        }
        return Math.min(left, right);
    }
}
